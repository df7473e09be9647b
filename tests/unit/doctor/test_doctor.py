"""The doctor: what it says of a machine, and what it dares to do to it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from boardpulse_tools import components, doctor
from boardpulse_tools.components import COMPONENTS, MOSQUITTO, NODE, PROMETHEUS, WASM, WASM_VERSIONS, Which
from boardpulse_tools.doctor import Machine


class Bench:
    """A machine on which the named programs are there, that writes down what was said and run."""

    def __init__(
        self, root: Path, programs: Sequence[str], root_user: bool = False, policy: Path | None = None
    ) -> None:
        self.said: list[str] = []
        self.ran: list[list[str]] = []
        self.policy_while_running: list[str] = []
        self.policy = policy or root / "policy-rc.d"
        self.machine = Machine(root, which_of(programs), self.run, self.said.append, root_user, self.policy)

    def run(self, command: Sequence[str], log: Path) -> bool:
        self.ran.append(list(command))
        self.policy_while_running.append(self.policy.read_text() if self.policy.exists() else "")
        return True


def which_of(programs: Sequence[str]) -> Which:
    """A `which` that finds just these programs."""
    return lambda program: f"/usr/bin/{program}" if program in programs else None


def install_wasm_files(root: Path) -> None:
    """Lay down the files that the doctor looks for."""
    for version in WASM_VERSIONS:
        module = components.wasm_module(version, root)
        module.parent.mkdir(parents=True)
        module.touch()


ALL_PROGRAMS = [component.programs[0] for component in COMPONENTS if component.programs] + ["npm"]


def test_complete_machine_is_left_alone(tmp_path: Path) -> None:
    """Where everything is there, nothing is run and one line is said."""
    install_wasm_files(tmp_path)
    bench = Bench(tmp_path, ALL_PROGRAMS, root_user=True)
    doctor.install(bench.machine)
    absent = doctor.report(bench.machine)
    assert (absent, bench.ran) == ([], [])
    assert len(bench.said) == 1


def test_missing_component_is_named_with_its_tests_and_how_to_get_it(tmp_path: Path) -> None:
    """A person reads which component is missing, which tests that skips, and what to type."""
    install_wasm_files(tmp_path)
    bench = Bench(tmp_path, [program for program in ALL_PROGRAMS if program != "mosquitto"])
    assert doctor.report(bench.machine) == [MOSQUITTO]
    text = "\n".join(bench.said)
    assert "MISSING mosquitto" in text
    assert MOSQUITTO.needed_by in text
    assert "apt-get install mosquitto" in text


def test_ordinary_user_gets_nothing_installed_system_wide(tmp_path: Path) -> None:
    """Without root only pip and npm are run, and both stay below the checkout or its environment."""
    bench = Bench(tmp_path, ["npm"])
    doctor.install(bench.machine)
    assert [Path(command[0]).name.split("3")[0] for command in bench.ran] == ["python", "npm"]
    assert str(tmp_path) in " ".join(bench.ran[1])


def test_root_on_debian_gets_each_package_once(tmp_path: Path) -> None:
    """promtool and prometheus come from one package; it is named once, after an update."""
    install_wasm_files(tmp_path)
    bench = Bench(tmp_path, ["micropython", "node", "npm", "chromium"], root_user=True)
    doctor.install(bench.machine)
    update, install = bench.ran
    assert update[-1] == "update"
    assert install[-4:] == ["--no-install-recommends", "mosquitto", "prometheus", "victoria-metrics"]


def test_no_daemon_starts_while_installing_and_nothing_stays_behind(tmp_path: Path) -> None:
    """Debian would start mosquitto and prometheus on install: it is told not to, and only meanwhile."""
    bench = Bench(tmp_path, [], root_user=True)
    doctor.install_debian(bench.machine, [MOSQUITTO, PROMETHEUS])
    assert bench.policy_while_running == [doctor.POLICY_TEXT] * 2
    assert not bench.policy.exists()


def test_the_owners_policy_is_kept(tmp_path: Path) -> None:
    """A policy that the machine's owner wrote is neither replaced nor removed."""
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    bench = Bench(tmp_path, [], root_user=True, policy=policy)
    doctor.install_debian(bench.machine, [MOSQUITTO])
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_killed_doctors_policy_is_removed(tmp_path: Path) -> None:
    """What a doctor could not clean up is recognised by its text, and goes with the next one."""
    policy = tmp_path / "policy-rc.d"
    policy.write_text(doctor.POLICY_TEXT)
    bench = Bench(tmp_path, [], root_user=True, policy=policy)
    doctor.install_debian(bench.machine, [MOSQUITTO])
    assert not policy.exists()


def test_policy_is_removed_when_interrupted(tmp_path: Path) -> None:
    """Ctrl-C during an installation leaves no policy behind."""
    policy = tmp_path / "policy-rc.d"
    with pytest.raises(KeyboardInterrupt), doctor.no_services_started(policy):
        raise KeyboardInterrupt
    assert not policy.exists()


def test_failed_update_installs_nothing(tmp_path: Path) -> None:
    """Without package lists an installation could only fail with a worse message."""
    ran: list[Sequence[str]] = []

    def fail(command: Sequence[str], log: Path) -> bool:
        ran.append(command)
        return False

    machine = Machine(tmp_path, which_of([]), fail, lambda line: None, True, tmp_path / "policy-rc.d")
    doctor.install_debian(machine, [MOSQUITTO])
    assert [command[-1] for command in ran] == ["update"]


def test_node_without_npm_is_no_node(tmp_path: Path) -> None:
    """Debian splits them; without npm the 32-bit interpreters cannot be had, so the wheel with both is used."""
    assert components.missing([NODE], which=which_of(["node"]), root=tmp_path) == [NODE]


def test_one_missing_version_makes_the_interpreters_incomplete(tmp_path: Path) -> None:
    """All promised versions are tested, or the component counts as missing."""
    install_wasm_files(tmp_path)
    assert components.find(WASM, root=tmp_path) == components.wasm_folder(tmp_path)
    components.wasm_module(WASM_VERSIONS[0], tmp_path).unlink()
    assert components.find(WASM, root=tmp_path) is None


def test_failing_command_is_shown_and_survived(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of a failed command's output is printed, and the doctor goes on."""
    assert not doctor.run_logged(["sh", "-c", "echo no such package; exit 100"], tmp_path / "logs" / "apt.log")
    assert "no such package" in capsys.readouterr().out
    assert not doctor.run_logged([str(tmp_path / "absent")], tmp_path / "logs" / "absent.log")
