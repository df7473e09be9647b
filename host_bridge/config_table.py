"""Reads a table of bridge.toml and notes every mistake in it: its path, its value, and what would be right.

What is asked for is what is known: finish() calls every other key a mistake. Each method returns a usable value also
where the configuration is wrong, so that reading goes on and the user hears of everything at once.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

Problem = tuple[str, object, str]

HIDDEN = "(hidden)"  # what stands for a secret in a message
MAX_SECRET_BYTES = 65536
_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MISSING = object()


class Table:
    """One table, at `path` in the file. `folder` is what relative file names start from."""

    def __init__(
        self,
        values: Mapping[str, object],
        path: str,
        problems: list[Problem],
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._values = values
        self._path = path
        self._problems = problems
        self._folder = folder
        self._environment = environment
        self._asked: list[str] = []

    def path(self, key: str) -> str:
        """Where `key` stands in the file."""
        return f"{self._path}.{key}" if self._path else key

    def wrong(self, key: str, value: object, right: str) -> None:
        """Note that the value of `key` is wrong."""
        self._problems.append((self.path(key), value, right))

    def written(self, key: str) -> object:
        """What the file says of `key`, as it stands there."""
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Whether the file sets `key`."""
        return key in self._values

    def _take(self, key: str) -> object:
        self._asked.append(key)
        return self._values.get(key, _MISSING)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(key)
        if value is _MISSING:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(key, value, f"a whole number from {low} to {high}")
        return default

    def number(self, key: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`; None where the file has none."""
        value = self._take(key)
        if value is _MISSING:
            return None
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
            and low <= value <= high
        ):
            return float(value)
        bounded = math.isfinite(low) and math.isfinite(high)
        self.wrong(key, value, f"a number from {low:g} to {high:g}" if bounded else "a finite number")
        return None

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key)
        if value is _MISSING:
            return default
        if isinstance(value, bool):
            return value
        self.wrong(key, value, "true or false")
        return default

    def text(self, key: str, default: str, right: str = "text", pattern: str = r"[^\x00-\x1f]*") -> str:
        """Text that `pattern` matches whole, after ${VARIABLE} was replaced; `right` says so in words."""
        value = self._take(key)
        if value is _MISSING:
            return default
        replaced = self._replace(key, value) if isinstance(value, str) else None
        if replaced is not None and re.fullmatch(pattern, replaced):
            return replaced
        if replaced is not None or not isinstance(value, str):
            self.wrong(key, value, right)
        return default

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        """One of some words."""
        value = self._take(key)
        if value is _MISSING or value in choices:
            return default if value is _MISSING else str(value)
        self.wrong(key, value, f"one of {', '.join(choices)}{suggestion(value, choices)}")
        return default

    def texts(self, key: str, right: str, pattern: str) -> tuple[str, ...]:
        """A list of texts that `pattern` matches."""
        value = self._take(key)
        if value is _MISSING:
            return ()
        if not isinstance(value, list):
            self.wrong(key, value, f"a list of {right}")
            return ()
        out = []
        for number, item in enumerate(value):
            if isinstance(item, str) and re.fullmatch(pattern, item):
                out.append(item)
            else:
                self.wrong(f"{key}[{number}]", item, right)
        return tuple(out)

    def file(self, key: str) -> str:
        """The path of a file that can be read, relative to the configuration."""
        name = self.text(key, "", "the path of a file", r"[^\x00-\x1f]+")
        if not name:
            return ""
        path = self._folder / name
        try:
            path.open("rb").close()
        except OSError as error:
            self.wrong(key, name, f"the path of a file that this user can read ({error.strerror})")
            return ""
        return str(path)

    def secret(self, key: str) -> str:
        """A text that is never shown: from `key`, which may be "${VARIABLE}", or from the file in `key`_file."""
        path = self.file(f"{key}_file")
        value = self._take(key)
        if value is _MISSING:
            return self._read_secret(f"{key}_file", path) if path else ""
        if path:
            self.wrong(key, HIDDEN, f"either {key} or {key}_file, not both")
        elif not isinstance(value, str) or not value:
            self.wrong(key, HIDDEN, 'text that is not empty, best as "${VARIABLE}"')
        else:
            return self._replace(key, value, hidden=True) or ""
        return ""

    def _read_secret(self, key: str, path: str) -> str:
        with open(path, "rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        try:
            secret = content.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            secret = ""
        if not secret or len(content) > MAX_SECRET_BYTES:
            self.wrong(key, path, "a file with one line of UTF-8, the secret")
            return ""
        return secret

    def _replace(self, key: str, text: str, *, hidden: bool = False) -> str | None:
        """`text` with environment variables put in; $${ stands for ${ itself. None where one is missing."""
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            if match[0] == "$${":
                return "${"
            found = self._environment.get(match[1]) if _VARIABLE_NAME.match(match[1]) else None
            missing = missing or found is None
            return found or ""

        replaced = _VARIABLE.sub(value, text)
        if missing:
            right = "a variable that is set in the environment of the bridge"
            self.wrong(key, HIDDEN if hidden and not _VARIABLE.fullmatch(text) else text, right)
            return None
        return replaced

    def table(self, key: str) -> Table:
        """A table within this one; empty where there is none."""
        value = self._take(key)
        if not isinstance(value, dict):
            if value is not _MISSING:
                self.wrong(key, value, f"a table: [{self.path(key)}]")
            value = {}
        return self._within(value, self.path(key))

    def tables(self, key: str) -> list[Table]:
        """The tables of an array of tables."""
        value = self._take(key)
        if value is _MISSING:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(key, value, f"tables, each begun with [[{self.path(key)}]]")
            return []
        return [self._within(item, f"{self.path(key)}[{number}]") for number, item in enumerate(value)]

    def _within(self, values: Mapping[str, object], path: str) -> Table:
        return Table(values, path, self._problems, self._folder, self._environment)

    def names(self) -> list[str]:
        """The keys that the file has here, where a user chooses them."""
        return list(self._values)

    def finish(self) -> None:
        """Note the keys that nobody asked for."""
        for key, value in self._values.items():
            if key not in self._asked:
                shown = value if isinstance(value, (int, float, bool)) else type_name(value)
                hint = suggestion(key, self._asked) or f"; known here: {', '.join(dict.fromkeys(self._asked))}"
                self.wrong(key, shown, f"no such key{hint}")


def type_name(value: object) -> str:
    """A value of a key that we do not know: it may be a misspelt secret, so only its kind is shown."""
    names: dict[type, str] = {str: "(text)", list: "(list)", dict: "(table)"}
    return names.get(type(value), "(value)")


def suggestion(wrong: object, right: Iterable[str]) -> str:
    """What somebody who wrote `wrong` probably meant."""
    close = difflib.get_close_matches(str(wrong), list(right), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def without_password(url: str) -> str:
    """A URL for a message."""
    return re.sub(r"//[^/]*@", f"//{HIDDEN}@", url)


def environment() -> Mapping[str, str]:
    """The variables that ${…} may name."""
    return os.environ
