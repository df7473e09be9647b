"""board.toml: what all boards say is usable, and what is wrong in one is told."""

import re
from pathlib import Path

import pytest

from boardpulse_tools.boards_schema import TEMPLATE, BoardFile, BoardFileError, find_board, read_board, read_boards
from tests.unit.boards.folders import FOLDER, all_boards

FOLDERS = sorted(path for path in FOLDER.iterdir() if path.is_dir() and path.name not in ("_ports", "__pycache__"))

GOOD = """
name = "shed"
description = "A board in a shed"
port = "esp32"
chip = "esp32c3"
mpy_arch = "rv32imc"
repl_uart = "0"
links = ["uart", "mqtt"]
default_link = "uart"
heap_bytes = 65536
heap_budget_bytes = 20480
filesystem = "littlefs2"
detect = ["Shed with ESP32C3"]
usb = ["303a:1001"]
"""

# What sys.implementation._machine says (MICROPY_HW_BOARD_NAME "with" MICROPY_HW_MCU_NAME), of 1.24 to 1.29.
MACHINES = {
    "Generic ESP32 module with ESP32": "esp32_generic",
    "Generic ESP32 module with SPIRAM with ESP32": "esp32_generic",
    "Generic ESP32S2 module with ESP32S2": "esp32_s2",
    "Generic ESP32S2 module with ESP32-S2": "esp32_s2",
    "LOLIN_S2_PICO with ESP32-S2FN4R2": "esp32_s2",
    "Generic ESP32S3 module with ESP32S3": "esp32_s3",
    "Generic ESP32S3 module with Octal-SPIRAM with ESP32S3": "esp32_s3",
    "Generic ESP32S3 module with ESP32-S3": "esp32_s3",
    "ESP32C3 module with ESP32C3": "esp32_c3",
    "ESP32C6 module with ESP32C6": "esp32_c6",
    "PYBv1.1 with STM32F405RG": "pyboard_v11",
    "NUCLEO-F446RE with STM32F446xx": "nucleo_f446re",
    "NUCLEO-F767ZI with STM32F767": "nucleo_f767zi",
    "NUCLEO_H743ZI with STM32H743": "nucleo_h743zi",
    "NUCLEO_H743ZI2 with STM32H743": "nucleo_h743zi",
    "NUCLEO-L476RG with STM32L476RG": "nucleo_l476rg",
    "NUCLEO-WB55 with STM32WB55RGV6": "nucleo_wb55",
    "Raspberry Pi Pico with RP2040": "rpi_pico",
    "Raspberry Pi Pico W with RP2040": "rpi_pico_w",
    "linux [GCC 14.2.1] version": "unix",
    # Not ours: nothing is better than a neighbour.
    "Raspberry Pi Pico 2 with RP2350": None,
    "Raspberry Pi Pico 2 W with RP2350": None,
    "Generic ESP32P4 module with ESP32P4": None,
    "NUCLEO-F411RE with STM32F411xE": None,
    "": None,
}


def written(folder: Path, text: str) -> Path:
    """A folder named shed with this board.toml."""
    shed = folder / "shed"
    shed.mkdir(exist_ok=True)
    (shed / "board.toml").write_text(text)
    return shed


def changed(key: str, value: str) -> str:
    """GOOD with another value for a key."""
    return re.sub(rf"^{key} = .*$", f"{key} = {value}", GOOD, flags=re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_folder_is_a_whole_board(folder: Path) -> None:
    """Each has board.py, a board.toml that means something, and a wiring.md that begins with its name."""
    assert read_board(folder).name == folder.name
    assert (folder / "board.py").is_file()
    assert (folder / "wiring.md").read_text().startswith(f"# {folder.name}\n")


def test_the_boards_that_are_promised_are_there() -> None:
    """Those of the README's first page; the template is none."""
    promised = {
        "esp32_generic", "esp32_s2", "esp32_s3", "esp32_c3", "esp32_c6", "pyboard_v11", "nucleo_f446re",
        "nucleo_f767zi", "nucleo_h743zi", "nucleo_l476rg", "nucleo_wb55", "rpi_pico", "rpi_pico_w", "unix", "linux",
    }  # fmt: skip
    assert {board.name for board in all_boards()} >= promised
    assert TEMPLATE not in {board.name for board in all_boards()}


@pytest.mark.parametrize(("machine", "name"), MACHINES.items(), ids=list(MACHINES))
def test_a_board_is_known_by_what_micropython_says_it_is(machine: str, name: str | None) -> None:
    """The longest match wins; an unknown board is nobody."""
    found = find_board(all_boards(), machine)
    assert (found and found.name) == name


def test_the_longest_match_wins(tmp_path: Path) -> None:
    """Whichever board comes first."""
    general = read_board(written(tmp_path, changed("detect", '["ESP32C3"]')))
    special = read_board(written(tmp_path, GOOD))
    for boards in ([general, special], [special, general]):
        assert find_board(boards, "My Shed with ESP32C3") is special


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """Field by field; detect and usb may be left out."""
    board = read_board(written(tmp_path, GOOD))
    assert board == BoardFile(
        name="shed", description="A board in a shed", port="esp32", chip="esp32c3", mpy_arch="rv32imc", repl_uart="0",
        links=("uart", "mqtt"), default_link="uart", heap_bytes=65536, heap_budget_bytes=20480,
        filesystem="littlefs2", detect=("Shed with ESP32C3",), usb=("303a:1001",),
    )  # fmt: skip
    short = "\n".join(line for line in GOOD.splitlines() if not line.startswith(("detect", "usb")))
    assert (read_board(written(tmp_path, short)).detect, board.usb) == ((), ("303a:1001",))


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("name", '"barn"', "the folder's name, 'shed'"),
        ("name", '"Shed!"', "1 to 32 of a-z 0-9 _"),
        ("description", '""', "a text of 1 to 120"),
        ("port", '"avr"', "one of esp32, rp2, stm32"),
        ("mpy_arch", '"rv32"', "one of armv6m"),
        ("repl_uart", "0", "the number of a UART as a text"),
        ("links", "[]", "a list of links"),
        ("links", '["uart", "uart"]', "each once"),
        ("links", '["ble"]', "a list of links, each once, of uart, mqtt"),
        ("links", '["mqtt"]', "default_link is 'uart'; it should be one of links: mqtt"),
        ("default_link", '"ble"', "one of uart, mqtt"),
        ("heap_bytes", '"64K"', "a number of bytes"),
        ("heap_bytes", "1000", "heap_budget_bytes is 20480; it should be at most heap_bytes, 1000"),
        ("heap_budget_bytes", "true", "a number of bytes"),
        ("filesystem", '"ext4"', "one of littlefs2, fat"),
        ("detect", '"ESP32"', "a list of parts"),
        ("detect", '["", "ESP32C3"]', "a list of parts"),
        ("usb", '["303A:1001"]', 'a list of "vid:pid"'),
        ("usb", "[12346]", 'a list of "vid:pid"'),
    ],
)
def test_what_is_wrong_is_told(key: str, value: str, right: str, tmp_path: Path) -> None:
    """With the file, the field, and what is right."""
    with pytest.raises(BoardFileError) as caught:
        read_board(written(tmp_path, changed(key, value)))
    assert right in str(caught.value)
    assert str(tmp_path / "shed" / "board.toml") in str(caught.value)


def test_missing_and_unknown_fields_are_told_together(tmp_path: Path) -> None:
    """A file that is wrong twice is mended once."""
    text = changed("chip", '"esp32c3"\nfrequency = 160').replace('port = "esp32"\n', "")
    with pytest.raises(BoardFileError) as caught:
        read_board(written(tmp_path, text))
    first, second = str(caught.value).splitlines()
    assert "port is missing; it should be one of esp32" in first
    assert "frequency is no field; there are name, description" in second


@pytest.mark.parametrize("content", [b"name = ", b"name = '\xff'"])
def test_no_toml_is_told(content: bytes, tmp_path: Path) -> None:
    """By its file, and where in it."""
    shed = written(tmp_path, "")
    (shed / "board.toml").write_bytes(content)
    with pytest.raises(BoardFileError, match="is no TOML: "):
        read_board(shed)


def test_no_file_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(BoardFileError, match=r"board\.toml: cannot be read: No such file"):
        read_board(tmp_path)


def test_all_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    """A line for each."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "board.toml").write_text(GOOD)
    with pytest.raises(BoardFileError) as caught:
        read_boards(tmp_path)
    assert [line.rpartition(", ")[2] for line in str(caught.value).splitlines()] == ["'one'", "'two'"]


@pytest.mark.parametrize("board", all_boards(), ids=lambda board: board.name)
def test_the_page_of_the_boards_says_the_same(board: BoardFile) -> None:
    """docs/boards.md has a row for each, with what board.toml says."""
    rows = [
        line for line in (FOLDER.parent / "docs/boards.md").read_text().splitlines() if f"| [{board.name}](" in line
    ]
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert len(rows) == 1
    assert cells[0] == f"[{board.name}](../boards/{board.name}/wiring.md)"
    assert cells[1:6] == [board.port, board.chip, board.mpy_arch, ", ".join(board.links), str(board.heap_budget_bytes)]
