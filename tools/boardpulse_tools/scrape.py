"""Reading a /metrics page: over a connection that stays open, and its values by series."""

import http.client
import re
from types import TracebackType
from typing import Self

TIMEOUT_S = 5.0
_SERIES = re.compile(r"^(?P<series>[a-zA-Z_:][\w:]*(?:\{.*\})?) (?P<value>\S+)(?: .*)?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Series = tuple[str, frozenset[tuple[str, str]]]


class Scraper:
    """Gets pages from one server, over one connection."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def get(self, path: str = "/metrics") -> str:
        """The page as text. OSError or HTTPException when it cannot be had; the next call connects anew."""
        try:
            self._connection.request("GET", path, headers={"Accept": "text/plain"})
            answer = self._connection.getresponse()
            body = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"{path} answered {answer.status}: {body[:200]}")
        return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()


def values(page: str) -> dict[Series, float]:
    """Every value of a page in the text format, by name and labels."""
    found: dict[Series, float] = {}
    for line in page.splitlines():
        if not line.startswith("#") and (match := _SERIES.match(line)):
            name, _, labels = match["series"].partition("{")
            found[name, frozenset(_LABEL.findall(labels))] = float(match["value"])
    return found


def select(page: str, name: str, **labels: str) -> dict[Series, float]:
    """The values of the metric whose series carry these labels, among others."""
    wanted = set(labels.items())
    return {series: value for series, value in values(page).items() if series[0] == name and wanted <= series[1]}


def total(page: str, name: str, **labels: str) -> float:
    """The sum of select(); 0 when there is no such series."""
    return sum(select(page, name, **labels).values())
