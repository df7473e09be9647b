"""What the catalogue of metrics promises to users, boards and Prometheus."""

import itertools
import json
import subprocess
from pathlib import Path

import pytest

from boardpulse_tools.catalog import Catalog, Metric, parse
from tests.support.components import require

ROOT = Path(__file__).parents[3]
INFERENCE = ["model", "model_version"]

# What users of comparable systems measure, and the metrics in which they find it here.
MEASURED = {
    "memory usage by type": ["device_memory_used_bytes"],
    "memory free or available by type": ["device_memory_free_bytes"],
    "largest free block": ["device_memory_largest_free_bytes"],
    "minimum free": ["device_memory_minimum_free_bytes"],
    "memory size": ["device_memory_size_bytes"],
    "cpu usage, utilization per core": ["device_cpu_utilization_ratio"],
    "loop lag": ["device_loop_lag_seconds"],
    "temperature, sensor location": ["device_temperature_celsius"],
    "power consumption per component": ["device_power_watts", "device_voltage_volts", "device_current_amperes"],
    "energy": ["device_energy_joules_total"],
    "battery level": ["device_battery_ratio"],
    "estimated battery hours": ["device_battery_remaining_seconds"],
    "flash or disk usage": ["device_filesystem_free_bytes", "device_filesystem_size_bytes"],
    "network throughput": ["device_network_receive_bytes_total", "device_network_transmit_bytes_total"],
    "uptime": ["device_uptime_seconds"],
    "firmware version, platform": ["device_info"],
    "port": ["device_connection_status"],
    "accelerator usage": ["device_accelerator_utilization_ratio", "device_accelerator_memory_used_bytes"],
    "inference count": ["device_inference_requests_total"],
    "latency histogram": ["device_inference_duration_seconds"],
    "tokens/s, samples/s, batches/s": [
        "device_inference_tokens_total",
        "device_inference_samples_total",
        "device_inference_batches_total",
    ],
    "queue length": ["device_inference_queue_length"],
    "timeouts": ["device_inference_timeouts_total"],
    "cache hit rate": ["device_inference_cache_hits_total", "device_inference_cache_misses_total"],
    "energy per inference": ["device_inference_energy_joules", "device_inference_energy_used_joules_total"],
    "accuracy": ["device_model_accuracy_ratio"],
    "confidence": ["device_model_confidence_ratio"],
    "false-positive rate": ["device_model_false_positive_ratio"],
    "drift score": ["device_model_drift_score"],
    "quantization error": ["device_model_quantization_error_ratio"],
    "training loss": ["device_training_loss"],
    "validation loss": ["device_training_validation_loss"],
    "learning rate": ["device_training_learning_rate"],
    "plateau": ["device_training_plateau"],
    "profiling sessions": ["device_profiling_sessions_total"],
    "their duration": ["device_profiling_session_duration_seconds"],
    "their errors": ["device_profiling_session_errors_total"],
}

# The ten metrics of the recorded board, with the scale and the label that their columns in the trace stand for.
TRACE = {
    "device_memory_free_bytes": ("bytes", 0, ["memory_type"]),
    "device_memory_used_bytes": ("bytes", 0, ["memory_type"]),
    "device_temperature_celsius": ("celsius", -2, ["sensor_location"]),
    "device_power_watts": ("watts", -3, ["component"]),
    "device_voltage_volts": ("volts", -3, ["component"]),
    "device_filesystem_free_bytes": ("bytes", 0, ["mountpoint"]),
    "device_loop_lag_seconds": ("seconds", -6, []),
    "device_wifi_signal_dbm": ("dbm", 0, ["interface"]),
    "device_cpu_utilization_ratio": ("ratio", -3, ["core"]),
    "device_cpu_frequency_hertz": ("hertz", 6, ["core"]),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The project's own catalogue."""
    return parse((ROOT / "shared_schema/catalog.toml").read_text())


def by_name(catalog: Catalog) -> dict[str, Metric]:
    """Metrics by the name on /metrics."""
    return {metric.exposed_name: metric for metric in catalog.metrics}


@pytest.mark.parametrize("known_as", MEASURED)
def test_everything_that_users_of_comparable_systems_measure_has_a_metric(known_as: str, catalog: Catalog) -> None:
    """Nobody who changes over misses a number."""
    assert set(MEASURED[known_as]) <= set(by_name(catalog))


@pytest.mark.parametrize("name", TRACE)
def test_metrics_of_the_recorded_board_keep_unit_scale_and_labels(name: str, catalog: Catalog) -> None:
    """The byte budgets are measured with these scales, and their keys take one byte in a hello."""
    metric = by_name(catalog)[name]
    assert TRACE[name] == (metric.unit, metric.scale, list(metric.labels))
    assert 1 <= (metric.key or 0) <= 23


def test_keys_that_were_released_never_move(catalog: Catalog) -> None:
    """A board in the field keeps its meaning: the keys of 0.1 are compared with a list that is only ever added to."""
    released = json.loads((Path(__file__).parent / "released_keys.json").read_text())
    keys = {metric.name: metric.key for metric in catalog.board}
    assert {name: keys.get(name) for name in released} == released


def test_inference_model_and_training_metrics_tell_models_and_their_versions_apart(catalog: Catalog) -> None:
    """Every such metric begins its labels with model and model_version."""
    prefixes = ("device_inference_", "device_model_", "device_training_")
    others = [m.name for m in catalog.board if m.name.startswith(prefixes) and list(m.labels[:2]) != INFERENCE]
    assert others == []


def test_latency_buckets_reach_from_microcontrollers_to_language_models(catalog: Catalog) -> None:
    """From 100 µs to 30 s, no bucket wider than three times the one before."""
    bounds = by_name(catalog)["device_inference_duration_seconds"].bounds
    assert (bounds[0], bounds[-1]) == (100, 30_000_000)
    assert max(after / before for before, after in itertools.pairwise(bounds)) <= 3


def exposition(metric: Metric) -> str:
    """A family as Prometheus' text format shows it, every label filled in."""
    labels = ",".join(f'{label}="x"' for label in ("device_id", "platform", *metric.labels))
    name, lines = metric.exposed_name, ["", "_sum", "_count"]
    if metric.type == "histogram":
        samples = f'{name}_bucket{{{labels},le="+Inf"}} 1\n' + "".join(f"{name}{s}{{{labels}}} 1\n" for s in lines[1:])
    else:
        samples = f"{name}{{{labels}}} 1\n"
    return f"# HELP {name} {metric.help}\n# TYPE {name} {metric.type}\n{samples}"


def test_promtool_finds_nothing_to_say_about_the_names(catalog: Catalog) -> None:
    """Prometheus' own linter accepts every name, type and help."""
    page = "".join(exposition(metric) for metric in catalog.metrics)
    done = subprocess.run(
        [require("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_prometheus_parses_every_query_of_the_page(catalog: Catalog, tmp_path: Path) -> None:
    """A reader can paste a query from docs/metrics.md."""
    rules = [{"record": f"query:{n}", "expr": derived.query} for n, derived in enumerate(catalog.derived)]
    file = tmp_path / "rules.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "page", "rules": rules}]}))
    done = subprocess.run([require("promtool"), "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
