"""The sensors, each on readers or files of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from boardpulse.group import columns_of
from boardpulse.sensors import linux_cpu, linux_memory, linux_network
from boardpulse.sensors.filesystem import Filesystem
from boardpulse.sensors.frequency import Frequency
from boardpulse.sensors.health import Health
from boardpulse.sensors.heap import Heap
from boardpulse.sensors.linux_frequency import linux_reader
from boardpulse.sensors.linux_hwmon import Hwmon
from boardpulse.sensors.linux_power_supply import PowerSupplies
from boardpulse.sensors.linux_thermal import ThermalZones
from boardpulse.sensors.loop_lag import LoopLag
from boardpulse.sensors.power import Power
from boardpulse.sensors.simulated import Simulated, seed_of
from boardpulse.sensors.stack import Stack
from boardpulse.sensors.temperature import Temperature
from boardpulse.sensors.uptime import Uptime
from shared_schema._generated import METRICS
from tests.fakes.firmware import Bench, Scripted

NAMES = {metric[0]: metric[1] for metric in METRICS}
RANGES = {metric[0]: (metric[5], metric[6]) for metric in METRICS}


def read(sensor: Any) -> dict[tuple[str, ...], Any]:
    """(metric, labels …) → value of one reading."""
    row: list[Any] = ["untouched"] * (columns_of(sensor) + 1)
    sensor.read(row, 0)
    assert row.pop() == "untouched"
    series = [one if isinstance(one, tuple) else (one,) for one in sensor.series]
    return {(NAMES[one[0]], *one[1:]): value for one, value in zip(series, row, strict=True)}


def tree(root: Path, files: dict[str, str]) -> str:
    """A folder with these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return str(root)


def test_heap() -> None:
    """Free and used, from gc."""

    class Gc:
        mem_free = staticmethod(lambda: 90000)
        mem_alloc = staticmethod(lambda: 12000)

    assert read(Heap(Gc)) == {
        ("device_memory_free_bytes", "gc"): 90000,
        ("device_memory_used_bytes", "gc"): 12000,
    }


def test_stack_frequency_temperature_and_power_come_from_functions() -> None:
    """What a port reads is handed in; a function left out leaves its series out."""
    assert read(Stack(lambda: 712)) == {("device_memory_used_bytes", "stack"): 712}
    assert read(Frequency(lambda: 168_000_000)) == {("device_cpu_frequency_hertz", "0"): 168}
    assert read(Temperature(lambda: -1250, "probe")) == {("device_temperature_celsius", "probe"): -1250}
    assert read(Power("rail", None, lambda: 3301)) == {("device_voltage_volts", "rail"): 3301}


def test_filesystem() -> None:
    """Blocks times their size, for each path."""

    def statvfs(path: str) -> tuple[int, ...]:
        return (4096, 0 if path == "/" else 512, 1000, 300, 250, 0, 0, 0, 0, 255)

    assert read(Filesystem(statvfs, ("/", "/sd"))) == {
        ("device_filesystem_free_bytes", "/"): 250 * 4096,
        ("device_filesystem_size_bytes", "/"): 1000 * 4096,
        ("device_filesystem_free_bytes", "/sd"): 250 * 512,
        ("device_filesystem_size_bytes", "/sd"): 1000 * 512,
    }


def test_uptime_and_lag_come_from_the_node() -> None:
    """The lag is the worst since the sample before."""
    bench = Bench()
    bench.step(61_500)
    assert read(Uptime(bench.node.clock)) == {("device_uptime_seconds",): 61}
    lag = LoopLag()
    for late in (100, 5000, -3, 20):
        lag.note(late)
    assert read(lag) == {("device_loop_lag_seconds",): 5000}
    assert read(lag) == {("device_loop_lag_seconds",): 0}


def test_the_node_measures_its_own_lag() -> None:
    """A loop that comes back late shows as lag; one that asked to sleep and did, does not."""
    bench = Bench([(Scripted([[1]]), 1000, 1)])
    bench.node.lag = LoopLag()
    bench.step()
    bench.node._slept_from -= 1_500_000
    bench.step()
    (lag,) = read(bench.node.lag).values()
    assert 1_400_000 < lag < 1_600_000


def test_simulated_numbers_say_so_and_stay_in_their_range() -> None:
    """Every series is labelled simulated; values wander within the bounds that the class names, the same for the
    same seed."""
    sensor, twin, other = Simulated(7), Simulated(7), Simulated(8)
    seen: list[list[int]] = []
    for _ in range(2000):
        values = read(sensor)
        assert all(key[1] == "simulated" for key in values)
        assert list(values.values()) == list(read(twin).values())
        seen.append(list(values.values()))
    for column, (low, high) in zip(zip(*seen, strict=True), [(3500, 5500), (300, 700), (3200, 3400)], strict=True):
        assert low <= min(column) < max(column) <= high
    assert list(read(other).values()) != seen[0]


def test_two_boards_simulate_different_numbers() -> None:
    """The device id is the seed: different boards differ from the first reading on, the same board repeats itself."""
    first = [tuple(read(Simulated(seed_of(name))).values()) for name in ("demo-uart", "demo-mqtt", "a", "b", "a")]
    assert first[2] == first[4]
    assert len(set(first)) == 4


def test_thermal_zones(tmp_path: Path) -> None:
    """Named by their types; millidegrees become centidegrees; a zone that cannot be read is missing."""
    files = {"thermal_zone0/type": "cpu\n", "thermal_zone0/temp": "48312\n", "thermal_zone1/type": "cpu\n"}
    files |= {"thermal_zone1/temp": "-1500\n", "thermal_zone2/temp": "?\n", "cooling_device0/type": "Fan\n"}
    sensor = ThermalZones(tree(tmp_path, files))
    assert read(sensor) == {
        ("device_temperature_celsius", "cpu"): 4831,
        ("device_temperature_celsius", "cpu_2"): -150,
        ("device_temperature_celsius", "thermal_zone2"): None,
    }
    (tmp_path / "thermal_zone0/temp").unlink()
    assert next(iter(read(sensor).values())) is None


def test_hwmon(tmp_path: Path) -> None:
    """Every reading of every chip, in the catalogue's scale, under chip and label."""
    files = {"hwmon0/name": "nvme\n", "hwmon0/temp1_input": "38850\n", "hwmon0/temp1_label": "Composite\n"}
    files |= {"hwmon1/name": "ina226\n", "hwmon1/in1_input": "5012\n", "hwmon1/curr1_input": "-120\n"}
    files |= {"hwmon1/power1_input": "601440\n", "hwmon1/power1_max": "1\n", "hwmon1/tempx_input": "1\n"}
    assert read(Hwmon(tree(tmp_path, files))) == {
        ("device_temperature_celsius", "nvme_Composite"): 3885,
        ("device_voltage_volts", "ina226_in1"): 5012,
        ("device_current_amperes", "ina226_curr1"): -120,
        ("device_power_watts", "ina226_power1"): 601,
    }


def test_power_supplies(tmp_path: Path) -> None:
    """Micro units become milli units, per cent per mille; what a supply does not tell is no series."""
    files = {"BAT0/capacity": "87\n", "BAT0/voltage_now": "12054000\n", "BAT0/power_now": "8400000\n"}
    assert read(PowerSupplies(tree(tmp_path, {**files, "AC/online": "1\n"}))) == {
        ("device_battery_ratio", "BAT0"): 870,
        ("device_voltage_volts", "BAT0"): 12054,
        ("device_power_watts", "BAT0"): 8400,
    }


@pytest.mark.parametrize("sensor", [ThermalZones, Hwmon, PowerSupplies])
def test_a_machine_without_such_sensors_has_no_such_series(sensor: Any, tmp_path: Path) -> None:
    """Nothing is invented."""
    assert sensor(str(tmp_path / "none")).series == []


STAT = """cpu  200 0 100 1700 0 0 0 0 0 0
cpu0 {busy} 0 50 {idle} 10 0 0 0 0 0
cpu1 100 0 50 850 0 0 0 0 0 0
intr 1
"""


def test_cpu(tmp_path: Path) -> None:
    """Busy over total between two readings; a core of which no time passed is missing; idle and waiting are not
    busy."""
    path = tmp_path / "stat"
    path.write_text(STAT.format(busy=100, idle=840))
    sensor = linux_cpu.Cpu(str(path))
    path.write_text(STAT.format(busy=130, idle=910))
    assert read(sensor) == {
        ("device_cpu_utilization_ratio", "0"): 300,
        ("device_cpu_utilization_ratio", "1"): None,
    }


def test_memory(tmp_path: Path) -> None:
    """Available, used and size in bytes."""
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:  1000 kB\nMemFree: 100 kB\nMemAvailable:  400 kB\n")
    assert list(read(linux_memory.SystemMemory(str(path))).values()) == [409600, 614400, 1024000]


DEV = """Inter-|   Receive  |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
  eth0: {received} 9 2 0 0 0 0 0 500 9 1 0 0 0 0 0
"""


def test_network(tmp_path: Path) -> None:
    """What has grown since the start, without the loopback; missing after a reset of the counters."""
    path = tmp_path / "dev"
    path.write_text(DEV.format(received=1000))
    sensor = linux_network.Network(str(path))
    path.write_text(DEV.format(received=1700))
    assert read(sensor) == {
        ("device_network_receive_bytes_total", "eth0"): 700,
        ("device_network_transmit_bytes_total", "eth0"): 0,
        ("device_network_receive_errors_total", "eth0"): 0,
        ("device_network_transmit_errors_total", "eth0"): 0,
    }
    path.write_text(DEV.format(received=10))
    assert next(iter(read(sensor).values())) is None


def test_frequency_on_linux(tmp_path: Path) -> None:
    """cpufreq where it is there, else /proc/cpuinfo, else nothing."""
    root = str(tmp_path) + "/"
    assert linux_reader(root) is None
    tree(tmp_path, {"proc/cpuinfo": "processor : 0\ncpu MHz\t\t: 2595.121\n"})
    reader = linux_reader(root)
    assert reader is not None
    assert reader() == 2_595_121_000
    tree(tmp_path, {"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n"})
    reader = linux_reader(root)
    assert reader is not None
    assert read(Frequency(reader)) == {("device_cpu_frequency_hertz", "0"): 1500}


def test_health_tells_about_the_node_and_each_sensor() -> None:
    """Outbox, drops, errors: as the node counts them."""
    bench = Bench([(Scripted([OSError("x")], name="bad"), 1000, 1)], acks=False)
    bench.node.task_errors = 3
    health = Health(bench.node.sampler, "uart")
    health.node = bench.node
    bench.step()
    values = read(health)
    assert values[("device_outbox_frames",)] == 2
    assert values[("device_outbox_capacity_seconds",)] > 60
    assert values[("device_task_errors_total", "node")] == 3
    assert values[("device_sensor_errors_total", "bad")] == 1
    assert all(RANGES[next(key for key in NAMES if NAMES[key] == one[0])][0] <= value for one, value in values.items())
