# The firmware for MicroPython's build: what a board of any port may need. protocols.py is for mypy; what reads ttys,
# /proc and /sys is for Unix machines. package.json lists the same files for mip; a test holds both against the folder.

metadata(version="0.1.0", description="boardpulse: puts a board's heap, temperature, power and workload on Prometheus.")

include("../shared_schema/manifest.py")

package(
    "boardpulse",
    files=(
        "__init__.py",
        "clock.py",
        "commands.py",
        "compat.py",
        "compose.py",
        "config.py",
        "custom.py",
        "declaration.py",
        "down.py",
        "emit.py",
        "events.py",
        "group.py",
        "lifecycle.py",
        "node.py",
        "outbox.py",
        "recorder.py",
        "sampler.py",
        "tasks.py",
        "links/__init__.py",
        "links/mqtt.py",
        "links/mqtt_client.py",
        "links/sockets.py",
        "links/uart.py",
        "sensors/__init__.py",
        "sensors/filesystem.py",
        "sensors/frequency.py",
        "sensors/health.py",
        "sensors/heap.py",
        "sensors/loop_lag.py",
        "sensors/power.py",
        "sensors/simulated.py",
        "sensors/stack.py",
        "sensors/temperature.py",
        "sensors/uptime.py",
    ),
    base_path=".",
    opt=3,
)
