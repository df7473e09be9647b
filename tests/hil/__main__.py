"""`python -m tests.hil PORT`, which is what `make hil PORT=…` runs."""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click

from tests.hil.run import GaveUpError, Options, Run

SPARE_S = 180  # whatever hangs, the run ends; besides what the frames take


@click.command()
@click.argument("port")
@click.option("--second-port", default="", help="A serial line to a UART of the board's own.")
@click.option("--second-link", default="", metavar="JSON", help='That UART, as in boardpulse.json: {"id": 2}.')
@click.option("--frames", type=click.IntRange(20, 2000), default=100, show_default=True, help="To stream.")
@click.option("--interval", type=click.IntRange(10, 10000), default=100, show_default=True, help="Of samples, in ms.")
@click.option("--board", metavar="NAME", help="A folder of boards/; generic: what all boards have.")
@click.option("--ram", is_flag=True, help="Do not touch the flash: use a RAM file system.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object instead of a table.")
def main(
    port: str, second_port: str, second_link: str, frames: int, interval: int, board: str | None, ram: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Try boardpulse on the MicroPython board at PORT: a device such as /dev/ttyACM0, socket://host:port or
    rfc2217://host:port. Ends with 0 when no check failed."""
    try:
        link: Any = json.loads(second_link or "{}")
    except ValueError as error:
        raise click.UsageError(f"--second-link is no JSON: {error}") from error
    if not isinstance(link, dict):
        raise click.UsageError('--second-link is no object such as {"id": 2}')
    run = Run(
        Options(port, second_port, link, frames, interval, board or None, ram),
        lambda line: click.echo(line, err=as_json),
    )
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SPARE_S + 3 * frames * interval // 1000)
    code = run.run()
    signal.alarm(0)
    click.echo(run.report.as_json() if as_json else "\n" + run.report.as_table())
    if os.environ.get("HIL_JSON"):
        Path(os.environ["HIL_JSON"]).write_text(run.report.as_json() + "\n")
    sys.exit(code)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise GaveUpError("The run took much too long and was given up.")


if __name__ == "__main__":
    main()
