"""From what was measured to rows of the report. No I/O: each rule is tested on its own (tests/unit/hil)."""

from collections.abc import Mapping, Sequence

from tests.hil.board_app import LINES
from tests.hil.report import FAIL, PASS, SKIP, Row
from tests.hil.witness import Boot

_TRACEBACK = ("Traceback (most recent call last):", "ValueError: hil: raised on purpose")
GROWTH_BYTES = 0  # a leak of one block in each frame is hundreds of bytes at the end of the shortest stream
LEAST_VALUES = 12
SHOWN = 3


def row(check: str, good: bool, measured: str = "", limit: str = "", reason: str = "") -> Row:
    """PASS with the limit, or FAIL with limit and reason."""
    why = limit if good or not reason else f"{limit}: {reason}" if limit else reason
    return Row(check, PASS if good else FAIL, measured, why)


def hello(boot: Boot | None, after_s: float, console: Sequence[str]) -> Row:
    """Whether the board has said who it is."""
    if boot is None or boot.hello is None:
        said = " / ".join([line.strip() for line in console if line.strip("\x04> ")][-SHOWN:])
        return row("hello", False, "none", "", f"no hello came; the board printed: {said}" if said else "nothing came")
    runtime = boot.hello.info.get(2, "?")
    return row("hello", True, f"{boot.hello.device_id}, boot {boot.number}, {runtime}, after {after_s:.1f} s")


def stream(boot: Boot, frames: int) -> Row:
    """Whether as many frames came as were asked for."""
    took_s = (boot.took_ms or 0) / 1000
    measured = f"{len(boot.seqs)} frames" + (f" in {took_s:.1f} s" if took_s else "")
    reason = "the board did not come to its end" if boot.made is None else "too few came"
    return row("stream", boot.made is not None and len(boot.seqs) >= frames, measured, f"{frames} frames", reason)


def plugged(boot: Boot, ledger: Mapping[str, int]) -> Row:
    """The ledger of a boot whose plug was pulled: what was acknowledged has arrived, each frame once, and none is made
    up."""
    arrived = ledger["received"] + ledger["recovered"]
    made, acknowledged = boot.made or 0, boot.acknowledged or 0
    measured = f"made {made}, acknowledged {acknowledged}, {_counts(ledger)}"
    wrong = []
    if not acknowledged:
        wrong.append("frames come, but the board takes no acknowledgement: does its prompt's line carry bytes to it?")
    if not acknowledged <= arrived <= made:
        wrong.append("acknowledged <= received <= made does not hold")
    if arrived != len(boot.seqs):
        wrong.append(f"{len(boot.seqs)} different frames came over the line")
    if ledger["lost"] or not _balanced(ledger):
        wrong.append("frames are lost")
    return row("ledger", not wrong, measured, "acknowledged <= received <= made, lost 0", "; ".join(wrong))


def after_reset(first: Boot, second: Boot, before: Mapping[str, int], ledger: Mapping[str, int]) -> Row:
    """The ledger over both boots: all that the second one has made, bye included, has arrived once; of the first one
    nothing is lost but what was never acknowledged."""
    gained = sum(ledger[name] - before[name] for name in ("received", "recovered"))
    at_most = (first.made or 0) - before["received"] - before["recovered"]
    wrong = []
    if second.made is None or gained != second.made:
        wrong.append("received is not made")
    if ledger["lost"] > at_most:
        wrong.append(f"{ledger['lost']} frames are lost")
    if not _balanced(ledger):
        wrong.append("expected is not what is accounted for")
    measured = f"made {second.made}, received {gained}; in all {_counts(ledger)}"
    return row("ledger after the reset", not wrong, measured, "received = made", "; ".join(wrong))


def second_line(boot: Boot, ledger: Mapping[str, int], frames: int, where: str) -> Row:
    """The same for frames on a UART of their own, which only the bridge sees."""
    gained, made = ledger["received"] + ledger["recovered"], boot.made or 0
    reason = "none comes: is TX wired to RX, RX to TX and GND to GND?" if not gained else "received is not made"
    measured = f"made {made}, received {gained}, repeated {ledger['repeated']}; {where}"
    return row(
        "frames on SECOND_PORT", gained == made >= frames and _balanced(ledger), measured, "received = made", reason
    )


def _balanced(ledger: Mapping[str, int]) -> bool:
    parts = ("received", "recovered", "lost", "dropped_on_device")
    return ledger["expected"] == sum(ledger[name] for name in parts)


def _counts(ledger: Mapping[str, int]) -> str:
    return ", ".join(f"{name.partition('_')[0]} {ledger[name]}" for name in ledger)


def memory(used_bytes: Sequence[int]) -> Row:
    """Whether the heap in use stays: the least of the last third of its values against the least of the middle one. The
    first third holds what is loaded once; the least, because a value may hold what is not collected yet."""
    third = len(used_bytes) // 3
    limit = f"grows by {GROWTH_BYTES} bytes"
    if len(used_bytes) < LEAST_VALUES:
        return row("memory", False, f"{len(used_bytes)} values", limit, f"fewer than {LEAST_VALUES} values of it came")
    middle, last = min(used_bytes[third : 2 * third]), min(used_bytes[2 * third :])
    measured = f"{last} bytes in use, {last - middle:+d} over {2 * third} values"
    return row("memory", last - middle <= GROWTH_BYTES, measured, limit, "it grows")


def console(lines: Sequence[str]) -> list[Row]:
    """Whether what the program printed came through as log events of the bridge, whole and in order."""
    expected = [f"hil: line {number}, and 100 °C" for number in range(1, LINES + 1)]
    got = [line for line in lines if line.startswith("hil: line ")]
    there = [any(part in line for line in lines) for part in _TRACEBACK]
    return [
        row("console lines", got == expected, f"{len(got)} log events", f"{LINES}, in order", f"came: {got}"),
        row("console traceback", all(there), f"{sum(there)} of its {len(there)} ends", "both ends", "it is cut"),
    ]


def sensors(boot: Boot) -> Row:
    """Whether each metric that the board declares had a value."""
    silent = sorted(boot.declared - boot.delivered)
    complaints = "; ".join(boot.complaints[:SHOWN])
    measured = f"{len(boot.delivered)} of {len(boot.declared)} series"
    reason = f"no value of {', '.join(silent)}" + (f"; the board says: {complaints}" if complaints else "")
    if silent or not boot.declared:
        return row("sensors", False, measured, "a value of each", reason)
    return row(
        "sensors", True, measured, f"a value of each; the board says: {complaints}" if complaints else "a value of each"
    )


def reset(first: Boot, second: Boot | None, seen: int) -> Row:
    """Whether the board came back as a new boot."""
    if second is None or second.hello is None:
        return row("soft reset", False, "no hello", "another boot id", "the board did not come back")
    measured = f"boot {first.number}, then {second.number}; the bridge saw {seen} boots"
    return row("soft reset", second.number != first.number and seen == 2, measured, "another boot id")


def bye(boot: Boot, state: str) -> Row:
    """Whether Ctrl-C ends the node in order."""
    measured = f"{'bye' if boot.bye else 'no bye'}, then {state or 'no state'}"
    return row("Ctrl-C", boot.bye and state == "stopped", measured, "bye, then stopped")


def peripherals(lacks: Mapping[str, str]) -> list[Row]:
    """What is there, and what cannot be tested because it is not."""
    missing = {
        "network": "no MQTT and no Wi-Fi here",
        "Pin": "no wired sensors here",
        "ADC": "no voltages and no temperature by ADC here",
    }
    return [
        Row(f"has {name}", SKIP, "not there", f"{lacks[name]}: {what}")
        if name in lacks
        else Row(f"has {name}", PASS, "there")
        for name, what in missing.items()
    ]


def lacks_of_firmware(lacks: Mapping[str, str]) -> str:
    """Why the firmware runs on no line at all; empty where it does."""
    needs = {
        "mount": "os.mount, so that it cannot be put there",
        "getcwd": "os.getcwd",
        "time": "time.ticks_ms and sleep_ms",
        "array": "array",
        "struct": "struct.pack_into",
        "binascii": "binascii.a2b_base64",
    }
    return "; ".join(f"this MicroPython has no {what} ({lacks[name]})" for name, what in needs.items() if name in lacks)


def firmware_modules(lacks: Mapping[str, str]) -> Row:
    """Whether what the firmware needs of a MicroPython is there."""
    reason = lacks_of_firmware(lacks)
    if reason:
        return Row("modules of the firmware", SKIP, "not there", reason)
    return Row("modules of the firmware", PASS, "there", "os, time, array, struct, binascii")


def lacks_of_prompt(lacks: Mapping[str, str]) -> str:
    """Why frames cannot share the line of the prompt; empty where they can."""
    needs = {
        "stdin": "sys.stdin.buffer and sys.stdout.buffer",
        "poll": "select.poll of sys.stdin",
        "kbd_intr": "micropython.kbd_intr",
    }
    return "; ".join(f"this MicroPython has no {what} ({lacks[name]})" for name, what in needs.items() if name in lacks)


def prompt_line(lacks: Mapping[str, str]) -> Row:
    """Whether frames can share the line of the prompt at all."""
    reason = lacks_of_prompt(lacks)
    if reason:
        return Row(
            "frames on the prompt's line", SKIP, "not there", f"{reason}: a UART of its own on SECOND_PORT is needed"
        )
    return Row("frames on the prompt's line", PASS, "there", "stdin.buffer, poll, kbd_intr")


def left(before: Sequence[object], after: Sequence[object], wrote: bool) -> Row:
    """Whether the flash holds what it held."""
    what = f"{len(after)} entries at the root and in lib, as before" if wrote else "nothing was written"
    return row(
        "left as found", list(before) == list(after), what, "the same names and sizes", f"{before} became {after}"
    )
