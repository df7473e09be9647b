"""Tables on a terminal and in a pipe, and what is said of a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from host_bridge.sinks.logs import escaped

PIPE_WIDTH = 400  # characters; into a pipe a table is as wide as it needs, for grep and cut
GAP = "  "
MAX_NAMED = 5  # close names in a message


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[str] = (),
    style: Callable[[str], str] = lambda _cell: "",
) -> None:
    """Print rows below headings; `right`: the columns whose cells end below each other; `style`: of a first cell."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    console = Console()
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=not console.is_terminal)
    for row in rows:
        first, *others = (escaped(cell).replace("\n", " ") for cell in row)
        table.add_row(Text(first, style=style(first)), *map(Text, others))
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    console.print(table)


def lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str] = ()) -> Iterator[str]:
    """The same as lines, for tables of any length: no column is made to fit, and nothing has to be loaded."""
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    pads = [str.rjust if column in right else str.ljust for column in columns]
    for row in (columns, *rows):
        padded = (pad(cell, width) for pad, cell, width in zip(pads, row, widths, strict=True))
        yield GAP.join(padded).rstrip()


def no_such(kind: str, wanted: str, known: Iterable[str]) -> str:
    """That there is no `wanted`, and which names are close to it, or which there are at all."""
    names = sorted(known)
    close = difflib.get_close_matches(wanted, names, MAX_NAMED) or [name for name in names if wanted in name]
    if close:
        hint = f"did you mean {' or '.join(close[:MAX_NAMED])}?"
    elif names:
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        hint = f"there is {', '.join(names[:MAX_NAMED])}{more}."
    else:
        hint = "there is none yet."
    return escaped(f"There is no {kind} {wanted}; {hint}")
