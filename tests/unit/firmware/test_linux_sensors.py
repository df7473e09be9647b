"""The Linux sensors on trees of files as the kernel lays them out: complete, damaged, and disappearing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from boardpulse.sensors import linux_accelerator, linux_cpu, linux_memory, linux_network, linux_rapl
from boardpulse.sensors.linux_accelerator import Accelerators
from boardpulse.sensors.linux_core_frequency import CoreFrequencies
from boardpulse.sensors.linux_files import read_int, read_text
from boardpulse.sensors.linux_power_supply import PowerSupplies
from boardpulse.sensors.linux_rapl import Rapl
from shared_schema._generated import METRICS
from tests.fakes.firmware import Ticks
from tests.support.components import require
from tests.unit.firmware.power_on_a_board import ticks_diff
from tests.unit.firmware.test_sensors import read, tree

ROOT = Path(__file__).parents[3]


def powercap(root: Path) -> str:
    """Two packages and what is in them, as a server has it; one zone that only root may read; another driver's."""
    files = {"intel-rapl/enabled": "1\n", "intel-rapl-mmio:0/name": "package-0\n", "intel-rapl-mmio:0/energy_uj": "5\n"}
    for folder, name in (("0", "package-0"), ("0:0", "core"), ("0:1", "dram"), ("1", "package-1"), ("1:0", "core")):
        files[f"intel-rapl:{folder}/name"] = name + "\n"
        files[f"intel-rapl:{folder}/energy_uj"] = "1000000\n"
        files[f"intel-rapl:{folder}/max_energy_range_uj"] = "262143328850\n"
    return tree(root, {**files, "intel-rapl:2/name": "psys\n"})


def test_rapl(tmp_path: Path) -> None:
    """Joules since the start and watts since the sample before, by package and part."""
    ticks = Ticks((1 << 30) - 500)
    sensor = Rapl(powercap(tmp_path), ticks, ticks_diff)
    labels = ["package-0", "package-0_core", "package-0_dram", "package-1", "package-1_core"]
    assert [one[1] for one in sensor.series[::2]] == labels
    (tmp_path / "intel-rapl:0/energy_uj").write_text("21000000\n")
    (tmp_path / "intel-rapl:1:0/energy_uj").write_text("1001999\n")
    ticks.advance(2000)
    values = read(sensor)
    assert values[("device_energy_joules_total", "package-0")] == 20000
    assert values[("device_power_watts", "package-0")] == 10000
    assert values[("device_energy_joules_total", "package-1")] == 0
    assert values[("device_power_watts", "package-1_core")] == 0
    (tmp_path / "intel-rapl:1:0/energy_uj").write_text("1003998\n")
    ticks.advance(1)
    assert read(sensor)[("device_energy_joules_total", "package-1_core")] == 3  # µJ are carried on
    assert read(sensor)[("device_power_watts", "package-0")] is None  # no time has passed


def test_rapl_counters_begin_again(tmp_path: Path) -> None:
    """After max_energy_range_uj; without that file, nothing is guessed."""
    assert linux_rapl.grown(9, 12, None) == 3
    assert linux_rapl.grown(262143328800, 50, 262143328850) == 100
    assert linux_rapl.grown(9, 8, None) is None
    assert linux_rapl.grown(9, 3, 8) is None
    files = {"intel-rapl:0/name": "package-0\n", "intel-rapl:0/max_energy_range_uj": "10000000\n"}
    root = tree(tmp_path, {**files, "intel-rapl:0/energy_uj": "9000000\n"})
    ticks = Ticks()
    sensor = Rapl(root, ticks, ticks_diff)
    (tmp_path / "intel-rapl:0/energy_uj").write_text("500000\n")
    ticks.advance(1000)
    assert list(read(sensor).values()) == [1500, 1500]


@pytest.mark.parametrize("damage", [None, "garbage\n", "", "\xff\xfe"])
def test_a_zone_that_cannot_be_read(damage: str | None, tmp_path: Path) -> None:
    """Is missing; the others go on; what passed meanwhile is not counted, what was counted before is kept."""
    ticks = Ticks()
    sensor = Rapl(powercap(tmp_path), ticks, ticks_diff)
    energy = tmp_path / "intel-rapl:0/energy_uj"
    seen = []
    for content in ("2000000\n", damage, "9000000\n", "9500000\n"):
        if content is None:
            energy.unlink()
        else:
            energy.write_bytes(content.encode("latin-1"))
        ticks.advance(1000)
        values = list(read(sensor).values())
        assert values[2:4] == [0, 0]
        seen.append(values[:2])
    assert seen == [[1000, 1000], [None, None], [1000, None], [1500, 500]]


AMD = {"uevent": "DRIVER=amdgpu\nPCI_CLASS=30000\n", "gpu_busy_percent": "37\n"}
AMD |= {"mem_info_vram_used": "1048576\n", "mem_info_vram_total": "8589934592\n"}
# As drivers/gpu/drm/v3d/v3d_sysfs.c has it in its comment.
V3D = """queue\ttimestamp\tjobs\truntime
bin\t239043069420\t22620\t17438164056
render\t239043069420\t22619\t27284814161
tfu\t239043069420\t8763\t394592566
csd\t239043069420\t3168\t10787905530
cache_clean\t239043069420\t6127\t237375940
"""


def devices(root: Path, **folders: dict[str, str]) -> str:
    """Files of devices, drm_card0 for drm/card0/device."""
    files = {f"{at.replace('_', '/')}/device/{name}": text for at, one in folders.items() for name, text in one.items()}
    return tree(root, files)


def test_a_gpu_of_amd(tmp_path: Path) -> None:
    """Per cent and bytes, by the driver's name; two of them are told apart, their connectors are none."""
    root = devices(tmp_path, drm_card0=AMD, drm_card1={**AMD, "gpu_busy_percent": "0\n"})
    tree(tmp_path, {"drm/card0-HDMI-A-1/device/gpu_busy_percent": "99\n", "drm/version": "drm 1.1.0\n"})
    sensor = Accelerators(root)
    assert read(sensor) == {
        ("device_accelerator_utilization_ratio", "amdgpu"): 370,
        ("device_accelerator_memory_used_bytes", "amdgpu"): 1048576,
        ("device_accelerator_memory_size_bytes", "amdgpu"): 8589934592,
        ("device_accelerator_utilization_ratio", "amdgpu_2"): 0,
        ("device_accelerator_memory_used_bytes", "amdgpu_2"): 1048576,
        ("device_accelerator_memory_size_bytes", "amdgpu_2"): 8589934592,
    }
    (tmp_path / "drm/card0/device/gpu_busy_percent").write_text("busy\n")
    (tmp_path / "drm/card1/device/mem_info_vram_used").unlink()
    assert list(read(sensor).values()) == [None, 1048576, 8589934592, 0, None, 8589934592]


def test_an_npu_of_intel(tmp_path: Path) -> None:
    """The microseconds for which it was busy, over those that passed."""
    npu = {"uevent": "DRIVER=intel_vpu\n", "npu_busy_time_us": "5000\n", "npu_memory_utilization": "4096\n"}
    root = devices(tmp_path, accel_accel0=npu)
    ticks = Ticks()
    sensor = Accelerators(root, ticks)
    (tmp_path / "accel/accel0/device/npu_busy_time_us").write_text("255000\n")
    ticks.advance(1_000_000)
    assert read(sensor) == {
        ("device_accelerator_utilization_ratio", "intel_vpu"): 250,
        ("device_accelerator_memory_used_bytes", "intel_vpu"): 4096,
    }
    (tmp_path / "accel/accel0/device/npu_busy_time_us").write_text("100\n")
    ticks.advance(1_000_000)
    assert next(iter(read(sensor).values())) is None


def test_the_gpu_of_a_raspberry_pi(tmp_path: Path) -> None:
    """The busiest queue, by the table's own clock; without a driver's name, by the card's."""
    root = devices(tmp_path, drm_card1={"gpu_stats": V3D})
    sensor = Accelerators(root, Ticks())
    stats = tmp_path / "drm/card1/device/gpu_stats"
    later = V3D.replace("239043069420", "240043069420").replace("17438164056", "17638164056")
    stats.write_text(later.replace("27284814161", "27934814161"))
    assert read(sensor) == {("device_accelerator_utilization_ratio", "card1"): 650}
    assert list(read(sensor).values()) == [None]  # no time has passed
    for damage in ("", "queue\ttimestamp\tjobs\truntime\n", "queue\nbin\t1\t2\n", "queue\nbin\tx\t1\t2\n"):
        stats.write_text(damage)
        assert list(read(sensor).values()) == [None]
    stats.write_text(V3D)
    assert list(read(sensor).values()) == [None]
    stats.write_text(V3D.replace("239043069420", "239043069421"))
    assert list(read(sensor).values()) == [0]


def test_an_accelerator_is_never_busier_than_the_time() -> None:
    """What a driver adds at once after a long job is cut off."""
    assert linux_accelerator.per_mille((0, {"": 0}), (1000, {"": 1500})) == 1000


@pytest.mark.parametrize("sensor", [Rapl, Accelerators, CoreFrequencies])
def test_a_machine_without_such_files_has_no_such_series(sensor: Any, tmp_path: Path) -> None:
    """Nothing is invented."""
    assert sensor(str(tmp_path / "none")).series == []


def test_the_frequency_of_each_core(tmp_path: Path) -> None:
    """kHz become MHz; cpufreq/ and cpuidle/ are no cores; one that goes offline is missing."""
    files = {f"cpu{core}/cpufreq/scaling_cur_freq": f"{khz}\n" for core, khz in ((0, 1500000), (2, 600499), (10, 800))}
    root = tree(tmp_path, {**files, "cpu1/online": "0\n", "cpufreq/boost": "1\n", "cpuidle/current_driver": "none\n"})
    sensor = CoreFrequencies(root)
    assert read(sensor) == {
        ("device_cpu_frequency_hertz", "0"): 1500,
        ("device_cpu_frequency_hertz", "2"): 600,
        ("device_cpu_frequency_hertz", "10"): 1,
    }
    (tmp_path / "cpu2/cpufreq/scaling_cur_freq").unlink()
    assert list(read(sensor).values()) == [1500, None, 1]


@pytest.mark.parametrize(
    ("status", "current", "remaining"), [("Discharging", -1500, 7200), ("Charging", 1500, None), (None, 1500, None)]
)
def test_a_battery_that_discharges_gives(
    status: str | None, current: int, remaining: int | None, tmp_path: Path
) -> None:
    """Whichever sign its driver has; its voltage and charge have none; how long it lasts is known only then."""
    files = {"BAT0/current_now": "1500000\n", "BAT0/voltage_now": "12000000\n", "BAT0/capacity": "50\n"}
    files |= {"BAT0/time_to_empty_now": "7200\n", **({"BAT0/status": status + "\n"} if status else {})}
    sensor = PowerSupplies(tree(tmp_path, files))
    expected = {
        ("device_battery_ratio", "BAT0"): 500,
        ("device_voltage_volts", "BAT0"): 12000,
        ("device_current_amperes", "BAT0"): current,
        ("device_battery_remaining_seconds", "BAT0"): remaining,
    }
    assert read(sensor) == expected
    if status == "Discharging":
        (tmp_path / "BAT0/current_now").write_text("-1500000\n")
        assert read(sensor) == expected


def test_garbage_in_proc_costs_a_line_only(tmp_path: Path) -> None:
    """The lines around it are read."""
    stat = ["cpu 1 2", "cpu0 1 x 3 4 5 6 7 8", "cpu1 10 0 10 70 10 0 0 0", "cpu2", "intr 5", "cpu3 1 1 1 1 1 1 1 1"]
    assert linux_cpu.parse(stat) == [("1", 20, 100)]
    assert linux_memory.parse(["MemTotal:", "MemAvailable: ? kB", "MemTotal: 8 kB", ""]) == (8192, None)
    assert linux_network.parse("a: 1 2 3\n b: 1 2 3 4 5 6 7 8 9 10 11\n c: 1 2 x 4 5 6 7 8 9 10 11\nnone\n") == {
        "b": (1, 9, 3, 11)
    }
    (tmp_path / "text").write_bytes(b"\xff\xfe\xfa")
    assert read_text(str(tmp_path / "text")) is None
    assert read_int(str(tmp_path / "none")) is None


@pytest.mark.parametrize("after", [("0", 19, 200), ("0", 130, 120), ("0", 20, 100)])
def test_a_core_whose_counters_went_back_has_no_utilization(after: tuple[str, int, int]) -> None:
    """Back in busy time, back in idle time (more busy than passed), and not moved."""
    assert linux_cpu.per_mille(("0", 20, 100), after) is None


def output(interpreter: str, script: str) -> list[list[str]]:
    """The words of each line that a script prints, with "cpython" or "micropython"."""
    program = str(require("micropython")) if interpreter == "micropython" else sys.executable
    path = f"{ROOT}:{ROOT}/firmware"
    environment = os.environ | {"MICROPYPATH": ".frozen:" + path, "PYTHONPATH": path}
    command = [program, "-c", PRINT + script]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=environment, cwd="/")
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.split() for line in run.stdout.splitlines()]


PRINT = """
def show(sensor):
    row = [None] * len(sensor.series)
    sensor.read(row, 0)
    for series, value in zip(sensor.series, row):
        print(sensor.name, *(series if isinstance(series, tuple) else (series,)), value)
"""

MACHINE = """
from boardpulse.clock import Clock
from boardpulse.compat import TICKS_MASK, sleep_ms, ticks_ms
from boards.linux import board

made = [board.make_sensor(name, {}, Clock(ticks_ms, TICKS_MASK), "x") for name, _, _ in board.SENSORS]
sleep_ms(50)
for sensor in made:
    if sensor is not None:
        show(sensor)
"""

TREE = """
from boardpulse.sensors.linux_accelerator import Accelerators
from boardpulse.sensors.linux_core_frequency import CoreFrequencies
from boardpulse.sensors.linux_files import read_text
from boardpulse.sensors.linux_power_supply import PowerSupplies
from boardpulse.sensors.linux_rapl import Rapl

for sensor in (Rapl(ROOT), Accelerators(ROOT), CoreFrequencies(ROOT), PowerSupplies(ROOT)):
    show(sensor)
print(read_text(ROOT + "/binary"))
"""

INTERPRETERS = ["cpython", pytest.param("micropython", marks=pytest.mark.upy)]


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_the_board_reads_this_machine(interpreter: str) -> None:
    """Whatever machine runs the tests: its memory and a core at least, and no value that a bridge would refuse."""
    lines = output(interpreter, MACHINE)
    assert {"cpu", "memory", "uptime", "filesystem"} <= {line[0] for line in lines}
    ranges = {metric[0]: metric[5:7] for metric in METRICS}
    for line in lines:
        low, high = ranges[int(line[1])]
        assert line[-1] == "None" or low <= int(line[-1]) <= high, line


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_a_tree_reads_the_same_on_both_interpreters(interpreter: str, tmp_path: Path) -> None:
    """Names, labels and values; a zone without time between its readings has no power; bytes that are no text are
    missing."""
    powercap(tmp_path)
    devices(tmp_path, drm_card0=AMD, drm_card1={"gpu_stats": V3D})
    tree(tmp_path, {"cpu3/cpufreq/scaling_cur_freq": "1500000\n", "BAT0/status": "Discharging\n"})
    tree(tmp_path, {"BAT0/power_now": "8400000\n"})
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfa")
    lines = [" ".join(line) for line in output(interpreter, TREE.replace("ROOT", repr(str(tmp_path))))]
    assert lines[0] == "rapl 14 package-0 0"
    assert lines[2] == "rapl 14 package-0_core 0"
    assert lines[10:] == [
        "accelerator 56 card1 None",
        "accelerator 56 amdgpu 370",
        "accelerator 57 amdgpu 1048576",
        "accelerator 58 amdgpu 8589934592",
        "frequency 10 3 1500",
        "power 4 BAT0 -8400",
        "None",
    ]
