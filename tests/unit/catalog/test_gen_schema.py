"""What the generator promises: it keeps what follows from the catalogue fresh, and says what is stale."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from boardpulse_tools import gen_schema
from boardpulse_tools.catalog import parse
from shared_schema import _generated

ROOT = Path(__file__).parents[3]
MODULE, PAGE, SENSOR = "shared_schema/_generated.py", "docs/metrics.md", "firmware/boardpulse/sensors/heap.py"
MARKED = "from micropython import const\n\n_FREE = const(0)  # catalog: device_memory_free_bytes\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository in small: the catalogue and one sensor, generated."""
    (tmp_path / "shared_schema").mkdir()
    shutil.copy(ROOT / gen_schema.CATALOG, tmp_path / gen_schema.CATALOG)
    (tmp_path / SENSOR).parent.mkdir(parents=True)
    (tmp_path / SENSOR).write_text(MARKED)
    assert generate(tmp_path) == 0
    return tmp_path


def generate(root: Path, *options: str) -> int:
    """Exit code of the command on `root`."""
    return gen_schema.main(["--root", str(root), *options])


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below `root` with what is in it."""
    return {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}


def edit(file: Path, old: str, new: str) -> None:
    """Replace `old`, which stands in the file, by `new`."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_what_is_committed_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """Module, page and firmware of this repository follow from its catalogue."""
    code = gen_schema.main(["--check"])
    assert (code, capsys.readouterr().err) == (0, "")


def test_a_second_run_changes_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that are fresh are not touched."""
    before = {f: f.stat().st_mtime_ns for f in tree.rglob("*") if f.is_file()}
    capsys.readouterr()
    assert generate(tree) == 0
    assert before == {f: f.stat().st_mtime_ns for f in before}
    assert capsys.readouterr().out == ""


def test_firmware_constants_take_their_number_from_the_catalogue(tree: Path) -> None:
    """The name is written by hand, the number never."""
    assert "_FREE = const(1)  # catalog: device_memory_free_bytes\n" in (tree / SENSOR).read_text()
    edit(tree / gen_schema.CATALOG, "key = 1\n", "key = 250\n")
    assert generate(tree) == 0
    assert "_FREE = const(250)  # catalog: device_memory_free_bytes\n" in (tree / SENSOR).read_text()


def test_boards_are_firmware_too_and_a_counter_may_be_named_as_it_is_exposed(tree: Path) -> None:
    """Both forms of a counter's name mean the same key; line ends stay as they are."""
    board = tree / "boards/mine/board.py"
    board.parent.mkdir(parents=True)
    board.write_bytes(
        b"A = const(0) # catalog: device_energy_joules\r\nB = const( 99 )  # catalog: device_energy_joules_total\r\n"
    )
    assert generate(tree) == 0
    expected = (
        b"A = const(14) # catalog: device_energy_joules\r\nB = const(14)  # catalog: device_energy_joules_total\r\n"
    )
    assert expected == board.read_bytes()


@pytest.mark.parametrize("path", [MODULE, PAGE, SENSOR])
def test_check_names_the_stale_file_and_the_remedy_and_writes_nothing(
    tree: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever edits a generated file by hand is told which, and what to run."""
    edit(tree / path, "1", "99")
    before = snapshot(tree)
    assert generate(tree, "--check") == 1
    expected = f"{path}: is stale; run python -m boardpulse_tools.gen_schema and commit what it changes\n"
    assert expected == capsys.readouterr().err
    assert before == snapshot(tree)


def test_check_names_every_stale_file(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file is stale too."""
    (tree / PAGE).unlink()
    edit(tree / gen_schema.CATALOG, "key = 1\n", "key = 250\n")
    assert generate(tree, "--check") == 1
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [MODULE, PAGE, SENSOR]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("_A = const(0)  # catalog: device_memory_fre_bytes", "did you mean 'device_memory_free_bytes'?"),
        ("_A = const(0)  # catalog: device_info", "device_info is made by the bridge and has no key"),
        ("_A = 5  # catalog: device_power_watts", "write _NAME = const(0)  # catalog: device_…"),
        ("_A = const(0)  # catalog:", "write _NAME = const(0)  # catalog: device_…"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--check",)])
def test_a_constant_that_the_catalogue_does_not_know_fails_and_nothing_is_written(
    tree: Path, line: str, message: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has file, line and, where there is one, the name that was meant."""
    (tree / SENSOR).write_text(f"{MARKED}{line}\n")
    before = snapshot(tree)
    assert generate(tree, *options) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"{SENSOR}:4: ")
    assert message in error
    assert before == snapshot(tree)


def test_a_wrong_catalogue_fails_with_all_its_mistakes_and_nothing_is_written(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines are those of the file."""
    edit(tree / gen_schema.CATALOG, "key = 1\n", "key = 2\n")
    edit(tree / gen_schema.CATALOG, "scale = -3", "scale = -30")
    before = snapshot(tree)
    assert generate(tree) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(error.startswith("shared_schema/catalog.toml:") for error in errors)
    assert before == snapshot(tree)


def test_a_missing_catalogue_is_an_error_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the tool is run outside a repository."""
    assert generate(tmp_path) == 1
    assert "catalog.toml: is missing; the generator needs it" in capsys.readouterr().err


def test_the_module_says_what_the_catalogue_says() -> None:
    """Every field in its place, by key, counters with _total."""
    catalog = parse((ROOT / gen_schema.CATALOG).read_text())
    expected = tuple(
        (m.key, m.exposed_name, m.type_number, m.unit, m.scale, m.low, m.high, m.labels, m.help, m.bounds)
        for m in catalog.board
    )
    assert expected == _generated.METRICS
    assert tuple(sorted(row[0] for row in expected if row[0])) == tuple(row[0] for row in _generated.METRICS)
    assert tuple((m.exposed_name, m.type_number, m.unit, m.labels, m.help) for m in catalog.bridge) == (
        _generated.BRIDGE_METRICS
    )


def test_micropython_reads_the_module_as_cpython_does(micropython: Path) -> None:
    """Annotations and numbers up to 2**53 included."""
    script = "from shared_schema import _generated as g; print(repr((g.METRICS, g.BRIDGE_METRICS)))"
    done = subprocess.run([micropython, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == (_generated.METRICS, _generated.BRIDGE_METRICS)


def test_the_page_maps_every_metric_to_what_others_call_it() -> None:
    """One row a metric: name, known names, key, labels and range in the metric's unit."""
    page = (ROOT / PAGE).read_text()
    for metric in parse((ROOT / gen_schema.CATALOG).read_text()).metrics:
        assert f"| `{metric.exposed_name}` | {', '.join(metric.known_as)} | {metric.key or ''} |" in page
    assert "| 3 | gauge | celsius | `sensor_location` | 0.01 | -100 … 400 |" in page
