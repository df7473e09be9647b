"""Numbers as Prometheus reads them, exactly: no binary float stands between the wire and the page."""

from __future__ import annotations


def decimal(value: int | float, scale: int) -> str:
    """value * 10**scale without exponent; NaN, +Inf and -Inf as Prometheus writes them."""
    if isinstance(value, float):
        return _special(value)
    if scale == 0:
        return str(value)
    if scale > 0:
        return f"{value}{'0' * scale}" if value else "0"
    digits = str(value)
    point = len(digits) + scale
    if point > 0 and value > 0:
        return f"{digits[:point]}.{digits[point:]}"
    sign = "-" if value < 0 else ""
    digits = digits.lstrip("-").rjust(1 - scale, "0")
    return f"{sign}{digits[:scale]}.{digits[scale:]}"


def _special(value: float) -> str:
    if value != value:
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def canonical(value: int, scale: int) -> str:
    """A bucket's bound as OpenMetrics wants it in `le`: the way in which Go prints a float64."""
    text = repr(float(decimal(value, scale)))
    point = text.find(".")
    if "e" in text or point <= 6 or value < 0:
        return text
    mantissa = f"{text[0]}.{text[1:point]}{text[point + 1 :]}".rstrip("0.")
    return f"{mantissa}e+{point - 1:02d}"
