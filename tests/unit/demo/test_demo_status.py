"""The demo's status line."""

import io

import pytest

from boardpulse_tools.demo_status import PLAIN_EVERY_S, Status, StatusLine, sentence, status_of

PAGE = """\
device_connection_status{device_id="demo-uart",platform="unix",port="/dev/pts/3"} 1
device_connection_status{device_id="demo-mqtt",platform="unix",port="mqtt://127.0.0.1:1883"} 1
device_connection_status{device_id="other",platform="unix",port="mqtt://127.0.0.1:1883"} 0
boardpulse_frames_received_total{source="serial",kind="samples"} 12.0
boardpulse_frames_received_total{source="mqtt",kind="samples"} 30.0
boardpulse_frames_rejected_total{source="serial",reason="crc"} 1.0
"""
TWO = Status(online=2, frames=42, rejected=1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_status_is_read_from_the_page() -> None:
    assert status_of(PAGE) == TWO
    assert status_of("") == Status(0, 0, 0)


@pytest.mark.parametrize(
    ("status", "up_s", "text"),
    [
        (TWO, 5.9, "2 boards online · 42 frames received · 1 rejected · up 0:05"),
        (Status(1, 0, 0), 61, "1 board online · 0 frames received · 0 rejected · up 1:01"),
        (None, 3600, "the bridge does not answer · up 60:00"),
    ],
)
def test_the_status_reads_as_a_sentence(status: Status | None, up_s: float, text: str) -> None:
    assert sentence(status, up_s) == text


def test_on_a_terminal_one_line_is_written_again_and_other_lines_go_above_it() -> None:
    out = Terminal()
    line = StatusLine(out)
    line.show(Status(1, 2, 0), 1)
    line.show(TWO, 2)
    line.say("board 1 has died")
    line.end()
    first, second, third = out.getvalue().split("\r\x1b[K")[1:]
    assert first.startswith("1 board online")
    assert second == sentence(TWO, 2)
    assert third == f"board 1 has died\n{sentence(TWO, 2)}\n"


def test_a_line_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    StatusLine(out).show(TWO, 2)
    assert out.getvalue() == "\r\x1b[K" + sentence(TWO, 2)[:19]


def test_elsewhere_a_line_is_written_when_boards_come_or_go_and_now_and_then() -> None:
    out = io.StringIO()
    line = StatusLine(out)
    for up_s, status in enumerate([None, Status(0, 0, 0), TWO, TWO, None, TWO]):
        line.show(status, up_s)
    line.show(TWO, 5 + PLAIN_EVERY_S - 0.1)
    line.show(TWO, 5 + PLAIN_EVERY_S)
    line.say("board 1 has died")
    line.end()
    shown = [text.split(" · ")[0] for text in out.getvalue().splitlines()]
    silent, two = "the bridge does not answer", "2 boards online"
    assert shown == [silent, "0 boards online", two, silent, two, two, "board 1 has died"]
