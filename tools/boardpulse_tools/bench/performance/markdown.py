"""Numbers, tables and pictures as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from boardpulse_tools.bench.report import NO_VALUE, Goal, Table


def number(value: float | None) -> str:
    """Four digits that say something; thousands with commas."""
    if value is None:
        return NO_VALUE
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def limit(goal: Goal) -> str:
    """The limit and its direction, on one line."""
    return f"{'≥' if goal.at_least else '≤'}\N{NO-BREAK SPACE}{goal.limit:,g}"


def verdict(goal: Goal) -> str:
    """Whether it is met, in words that nobody overlooks. Without a value: not measured, or messages were lost."""
    if goal.met:
        return "met"
    return "**not met**" if goal.value is not None else "**not met**: no value"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """A table: the first `text_columns` to the left, the others to the right."""
    rule = ["---" if i < text_columns else "---:" for i in range(len(columns))]
    return "\n".join(f"| {' | '.join(_escaped(row))} |" for row in (columns, rule, *rows))


def titled(made: Table) -> str:
    """A bench's table below its title."""
    return f"**{made.title}**\n\n{table(made.columns, made.rows)}"


def _escaped(row: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in row]


def bullets(lines: Sequence[str]) -> str:
    """One line each."""
    return "\n".join(f"- {line}" for line in lines)


def duration(seconds: float) -> str:
    """To the minute, or to the second below two of them."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
