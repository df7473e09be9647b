"""Does it speak? A hello on this line where frames come on it, else what the prompt can tell."""

import time
from dataclasses import dataclass, field
from typing import Any

from boardpulse_tools.flash.board_code import START
from boardpulse_tools.flash.errors import ScriptError, SilentError
from boardpulse_tools.flash.transport import Session
from host_bridge.core.envelope import TAG, Envelope
from shared_schema.cbor_reader import loads
from shared_schema.errors import AuthError, PeerError
from shared_schema.framing import FRAME, TEXT, Deframer
from shared_schema.parse import parse

HELLO = 1
HELLO_S = 20.0
QUIET_S = 2.0
SHOWN_LINES = 8
PROMPT = b">>> "
TRACEBACK = "Traceback (most recent call last):"


@dataclass
class Heard:
    """What came on the line: the device of the first hello that fits, the console's lines, and since when it is silent
    behind MicroPython's prompt."""

    device_id: str | None = None
    console: list[str] = field(default_factory=list)
    at_prompt_since: float | None = None

    def said(self) -> str:
        """The end of the console, for a person."""
        lines = [line for line in self.console if line.strip()][-SHOWN_LINES:]
        return "\nThe board printed:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""


def wait_for_hello(
    session: Session, expected: str | None, timeout_s: float = HELLO_S, key: bytes | None = None
) -> Heard:
    """Read the line after a soft reset until a hello of this device comes; of any where `expected` is None. With a key
    it must be sealed with it. SilentError with what the board printed instead."""
    heard = Heard()
    deframer = Deframer()
    until = time.monotonic() + timeout_s
    while heard.device_id is None:
        ended = heard.at_prompt_since is not None and time.monotonic() > heard.at_prompt_since + QUIET_S
        over = ended or time.monotonic() > until
        for what, payload in deframer.flush() if over else deframer.feed(_received(session, heard)):
            if what == FRAME:
                _take(payload, expected, key, heard)
            elif what == TEXT:
                heard.console.append(str(payload).rstrip("\r"))
        if over and heard.device_id is None:
            why = "main.py ended without a hello." if ended else f"No hello came within {timeout_s:g} s."
            raise SilentError(why + heard.said())
    return heard


def _received(session: Session, heard: Heard) -> bytes:
    data = session.received()
    if data:
        heard.at_prompt_since = time.monotonic() if data.endswith(PROMPT) else None
    return data


def _take(payload: Any, expected: str | None, key: bytes | None, heard: Heard) -> None:
    try:
        message: Any = parse(loads(_opened(payload, expected, key)))
    except AuthError as error:
        heard.console.append(f"({error})")
        return
    except PeerError:
        return
    if message.kind != HELLO:
        return
    if expected in (None, message.device_id):
        heard.device_id = message.device_id
    else:
        heard.console.append(f"(a hello of {message.device_id}, and not of {expected})")


def _opened(frame: bytes, expected: str | None, key: bytes | None) -> bytes:
    """The frame in its envelope. Where the key is in a file of the board's, its tag cannot be checked here."""
    if frame[:1] != bytes((TAG,)):
        if key is not None:
            raise AuthError("a frame without the seal that its key asks for")
        return frame
    envelope = Envelope(frame)
    return envelope.payload if key is None else envelope.verify(key, envelope.kid or expected or "")


def start_once(session: Session, config_path: str) -> str:
    """Have the board make its node in the raw REPL, and say its id. SilentError when it cannot."""
    try:
        answer = session.run(START.format(path=config_path))
    except ScriptError as error:
        raise SilentError(f"The node does not start. {error}") from error
    started = [line for line in answer.splitlines() if line.startswith("started ")]
    if not started:
        raise SilentError("The node did not say that it started.")
    return started[-1].split(" ", 1)[1]


def watch_console(session: Session, seconds: float = QUIET_S) -> None:
    """Read the console after a soft reset. SilentError when main.py ends with a traceback."""
    text = b""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        text += session.received()
    lines = text.decode(errors="replace").splitlines()
    if TRACEBACK in text.decode(errors="replace"):
        raise SilentError(f"main.py ended with an error.{Heard(None, lines).said()}")
