"""The image of a board does what its sources do: the same promises and the same allocations, linked and renamed."""

import builtins
import os
import subprocess
import symtable
from functools import cache
from pathlib import Path

import pytest

from boardpulse_tools.components import WASM_VERSIONS, wasm_module
from boardpulse_tools.image import Image, build_image
from boardpulse_tools.image.build import link_sources
from boardpulse_tools.image.names import KNOWN, ROM
from boardpulse_tools.image.sources import board_sources
from tests.support.components import require

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "tests" / "unit" / "firmware"
RUNNER = ROOT / "tests" / "contract" / "run_webassembly.mjs"
HEAP_BYTES = "8000000"


@cache
def built(script: str, *options: tuple[str, object]) -> Image:
    """An image into which a script of the firmware's own tests is linked. The same for every interpreter."""
    schema = {f"shared_schema/{path.name}": path.read_text() for path in (ROOT / "shared_schema").glob("*.py")}
    schema.pop("shared_schema/manifest.py")
    extra = {**schema, script: (SCRIPTS / script).read_text()}
    return build_image("unix", extra=extra, **dict(options))  # type: ignore[arg-type]


def image_with(script: str, folder: Path, **options: object) -> Image:
    """That image, written to `folder` as on a board."""
    image = built(script, *options.items())
    for name, content in image.files.items():
        path = folder / name.removeprefix("lib/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return image


def on_64_bit(folder: Path, start: str) -> list[str]:
    """What a program prints on MicroPython's unix port."""
    environment = os.environ | {"MICROPYPATH": f".frozen:{folder}"}
    command = [str(require("micropython")), "-c", start]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return run.stdout.splitlines()


def on_32_bit(folder: Path, start: str, version: str) -> list[str]:
    """What it prints on a 32-bit MicroPython."""
    require("micropython32")
    (folder / "start.py").write_text(start)
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    command = [str(require("node")), str(RUNNER), str(wasm_module(version)), str(folder), HEAP_BYTES, "start.py"]
    run = subprocess.run(command, capture_output=True, text=True, input="\n".join(files), timeout=50, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return run.stdout.splitlines()


PROMISES = "import on_a_board\non_a_board.main()\n"
KEPT = [
    "batches_expand",
    "a_failing_sensor_is_missing_and_comes_back",
    "acknowledgements_and_commands",
    "damaged_frames_are_ignored",
    "a_full_outbox_counts",
    "own_metrics_and_models",
    "crashes_carry_their_traceback",
    "mqtt_packets",
    "mqtt_messages_are_found_however_cut",
]


@pytest.mark.upy
@pytest.mark.parametrize("options", [{}, {"arch": "x64"}, {"shorten": False}], ids=["plain", "x64", "long names"])
def test_the_promises_hold_linked_on_64_bit(options: dict[str, object], tmp_path: Path) -> None:
    """What holds for the sources holds for the image."""
    image_with("on_a_board.py", tmp_path, **options)
    assert on_64_bit(tmp_path, PROMISES) == KEPT


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_the_promises_hold_linked_on_32_bit(version: str, tmp_path: Path) -> None:
    """From the oldest MicroPython on."""
    image_with("on_a_board.py", tmp_path)
    assert on_32_bit(tmp_path, PROMISES, version) == KEPT


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_a_linked_cycle_takes_no_heap_on_32_bit(version: str, tmp_path: Path) -> None:
    """Linking makes no function so large that its frame goes to the heap."""
    image_with("allocation.py", tmp_path)
    assert on_32_bit(tmp_path, "import allocation\n", version)[-1] == "bytes_per_cycle 0.0"


@pytest.mark.upy
def test_a_linked_cycle_takes_no_heap_on_64_bit(tmp_path: Path) -> None:
    """The same on the unix port."""
    image_with("allocation.py", tmp_path, arch="x64")
    assert on_64_bit(tmp_path, "import allocation\n")[-1] == "bytes_per_cycle 0.0"


FULL = "import overflow_on_a_board\noverflow_on_a_board.main()\n"
KEPT_FULL = ["a_full_outbox_thins_out_and_counts", "what_comes_after_it_is_as_before", "a_full_outbox_takes_no_heap"]


@pytest.mark.upy
def test_a_full_outbox_keeps_its_promises_linked_on_32_bit(tmp_path: Path) -> None:
    """It thins and gives up as the sources do, and takes no heap for it, on the oldest MicroPython."""
    image_with("overflow_on_a_board.py", tmp_path)
    assert on_32_bit(tmp_path, FULL, WASM_VERSIONS[0]) == KEPT_FULL


@pytest.mark.upy
def test_a_full_outbox_keeps_its_promises_linked_on_64_bit(tmp_path: Path) -> None:
    """The same with native code, on the unix port."""
    image_with("overflow_on_a_board.py", tmp_path, arch="x64")
    assert on_64_bit(tmp_path, FULL) == KEPT_FULL


def unknown_names(texts: dict[str, str]) -> list[tuple[str, str]]:
    """(module, name) of what functions use and neither their module nor MicroPython has."""
    out = []
    for module, text in texts.items():
        top = symtable.symtable(text, module, "exec")
        known = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
        known |= {*dir(builtins), "micropython"}
        todo = top.get_children()
        while todo:
            scope = todo.pop()
            todo += scope.get_children()
            names = {one.get_name() for one in scope.get_symbols() if one.is_global() and one.is_referenced()}
            out += [(module, name) for name in names - known]
    return out


@pytest.mark.parametrize("link", [None, "uart", "mqtt"])
def test_every_name_that_an_image_uses_is_in_it(link: str | None) -> None:
    """Whatever was moved, spliced or left out; MicroPython would say so only where the line is run."""
    texts = link_sources(board_sources("esp32_generic", link), 32, link, frozenset(), shorten=True, native=False)
    assert unknown_names(texts) == []


NAMES = """
import micropython
exec("{}.get('get')")
micropython.qstr_info()
for name in NAMES:
    exec("{}.get('" + name + "')")
micropython.qstr_info()
"""


@pytest.mark.upy
@pytest.mark.parametrize("version", WASM_VERSIONS)
def test_names_that_every_micropython_knows_take_no_heap_on_32_bit(version: str, tmp_path: Path) -> None:
    """What the linker calls things by before it makes up names of its own is in the interpreter's ROM."""
    start = f"NAMES = {(*ROM, *KNOWN)!r}\n{NAMES}"
    before, after = [line for line in on_32_bit(tmp_path, start, version) if "n_qstr" in line]
    assert after == before


def test_the_same_sources_make_the_same_image() -> None:
    """Byte by byte, so that a second flash finds nothing to copy."""
    assert build_image("esp32_s3").digest == build_image("esp32_s3").digest


def test_a_board_gets_no_sensor_that_it_cannot_have() -> None:
    """What nothing calls stays on the host."""
    names = build_image("rpi_pico", link="uart").files
    assert not [name for name in names if "linux" in name or "mqtt" in name or "posix" in name]
    assert "lib/board.mpy" in names
    assert "main.py" in names
