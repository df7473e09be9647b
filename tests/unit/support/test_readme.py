"""Which commands a page of documentation shows."""

from pathlib import Path

from tests.support.readme import Shown, shown_commands

PAGE = """\
# A page
```console
$ make run
Two boards.

Ctrl-C ends it.
$ boardpulse decode \\
    82
```
Text, and `$ not this`.
```toml
$ = "nor this"
```
```console
$ make test
```
"""


def test_commands_stand_in_console_blocks_with_their_output_below(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert shown_commands(page) == [
        Shown("make run", "Two boards.\n\nCtrl-C ends it."),
        Shown("boardpulse decode 82", ""),
        Shown("make test", ""),
    ]
