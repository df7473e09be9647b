"""`boardpulse flash` and `boardpulse unflash`."""

import json
import os
import sys
from pathlib import Path

import click

from boardpulse_tools.flash import report, settings
from boardpulse_tools.flash.errors import FAILED, FlashError, SettingsError
from boardpulse_tools.flash.flash import Flasher, Options, all_boards
from boardpulse_tools.flash.ports import candidates, choose
from boardpulse_tools.flash.unflash import unflash as remove
from boardpulse_tools.flash.verify import HELLO_S
from boardpulse_tools.processes import ProcessError

EPILOG = """Exit codes: 0 done; 1 failed; 2 wrong usage or configuration, nothing was written; 4 the port cannot be
used; 5 the board cannot take it; 6 the new version did not speak, what was there before is back."""
SECRET_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=EPILOG)
@click.argument("ports", metavar="[PORT]", nargs=-1)
@click.option("--board", metavar="NAME", help="A folder of boards/, where the board is not recognized.")
@click.option("--all", "every", is_flag=True, help="Every board that is found (or the PORTs given), one after another.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--id", "device_id", metavar="ID", help="What the device is called. [default: the chip's own id]")
@click.option("--link", type=click.Choice(["uart", "mqtt"]), help="How frames leave the board.")
@click.option("--broker", metavar="HOST:PORT", help="The MQTT broker; implies --link mqtt.")
@click.option("--mqtt-user", metavar="USER", help="For the broker.")
@click.option("--mqtt-password-file", type=SECRET_FILE, help=f"Or {settings.MQTT_VARIABLE}, or you are asked.")
@click.option("--wifi-ssid", metavar="SSID", help="The Wi-Fi to join.")
@click.option("--wifi-password-file", type=SECRET_FILE, help=f"Or {settings.WIFI_VARIABLE}, or you are asked.")
@click.option("--key-file", type=SECRET_FILE, help=f"The board's key. Or {settings.KEY_VARIABLE}.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="A whole boardpulse.json.")
@click.option("--force-main", is_flag=True, help="Replace a main.py that is yours; it is kept as main.before.py.")
@click.option("--replace", is_flag=True, help="On a flash too small for two versions: delete the present one first.")
@click.option(
    "--timeout", type=click.FloatRange(1, 600), default=HELLO_S, show_default=True, help="Seconds for a hello."
)
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
def flash(
    ports: tuple[str, ...], board: str | None, every: bool, dry_run: bool, device_id: str | None, link: str | None,
    broker: str | None, mqtt_user: str | None, mqtt_password_file: Path | None, wifi_ssid: str | None,
    wifi_password_file: Path | None, key_file: Path | None, config_file: Path | None, force_main: bool, replace: bool,
    timeout: float, as_json: bool,
) -> None:  # fmt: skip
    """Make a monitored device of a MicroPython board: PORT is a device such as /dev/ttyACM0, socket://host:port or
    rfc2217://host:port, and may be left out where one board is plugged in.

    Copies what changed, beside what runs; the new version takes over once it is whole, and what was there before comes
    back if it does not speak. The configuration on the board is kept but for what is given.
    """
    if len(ports) > 1 and not every:
        raise click.UsageError("several ports need --all")
    if every and device_id is not None:
        raise click.UsageError("--all and --id: several boards cannot have one id")
    try:
        wanted = settings.Wanted(
            device_id=device_id,
            link=link,
            broker=broker,
            mqtt_user=mqtt_user,
            wifi_ssid=wifi_ssid,
            whole=None if config_file is None else settings.read_whole(config_file),
            wifi_password=_secret(settings.WIFI_VARIABLE, wifi_password_file, "Wi-Fi password", wifi_ssid is not None),
            mqtt_password=_secret(settings.MQTT_VARIABLE, mqtt_password_file, "MQTT password", mqtt_user is not None),
            key=_secret(settings.KEY_VARIABLE, key_file, "Key", False),
        )
        chosen = list(ports) or _found(every)
    except (FlashError, ProcessError) as error:
        _fail(error)
    reporter = report.Reporter(sys.stdout, quiet=as_json)
    options = Options(board, dry_run, force_main, replace, timeout)
    outcomes = [_flashed(Flasher(port, wanted, options, reporter), as_json) for port in chosen]
    results = [result for result, _ in outcomes]
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in results] if every else results[0].as_dict(), indent=2))
    elif every:
        click.echo(report.table(results))
    raise SystemExit(max(exit_code for _, exit_code in outcomes))


def _found(every: bool) -> list[str]:
    """The ports of all boards that are plugged in, or of the one. PortError where that is not clear."""
    found = candidates(all_boards())
    likely = [one.device for one in found if one.boards]
    return likely if every and likely else [choose(None, found)]


def _flashed(flasher: Flasher, quiet: bool) -> tuple[report.Result, int]:
    """What became of one board, and its exit code; why not, on stderr."""
    try:
        return flasher.run(), 0
    except (FlashError, ProcessError) as error:
        flasher.result.error = str(error)
        if not quiet:
            click.echo(str(error), err=True)
        return flasher.result, getattr(error, "exit_code", FAILED)


@click.command(epilog=EPILOG)
@click.argument("port", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
def unflash(port: str | None, dry_run: bool, as_json: bool) -> None:
    """Take boardpulse off a board: what `boardpulse flash` put there, its configuration with the secrets in it too, and
    none of your own files."""
    try:
        port = choose(port, candidates(all_boards()) if port is None else [])
        result = remove(port, report.Reporter(sys.stdout, quiet=as_json), dry_run=dry_run)
    except (FlashError, ProcessError) as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))


def _fail(error: Exception) -> None:
    click.echo(str(error), err=True)
    raise SystemExit(getattr(error, "exit_code", FAILED))


def _secret(variable: str, path: Path | None, what: str, asks: bool) -> str | None:
    """From the file, else the environment, else a prompt that shows nothing; None where it was not given."""
    if path is not None:
        try:
            return path.read_text().rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path} cannot be read: {error}") from error
    if variable in os.environ:
        return os.environ[variable]
    if asks and sys.stdin.isatty():
        return str(click.prompt(f"{what} (not shown; empty for none)", hide_input=True, default="", show_default=False))
    return None
