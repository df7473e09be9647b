"""Which modules of an image there are: what is loaded together, and what only now and then."""

from collections.abc import Iterable

OURS = ("boardpulse", "board")

CORE = "boardpulse"
SELDOM = "boardpulse.seldom"

# Definitions of these go to whoever uses them.
FLOATING = {
    *(f"boardpulse.{name}" for name in ("compat", "clock", "outbox", "group", "sampler", "emit", "down")),
    *(
        f"shared_schema.{name}"
        for name in ("cbor", "encode", "errors", "framing", "messages", "check", "commands", "cbor_reader")
    ),
}

# Together with what else each module is loaded. What is not named is a module of its own.
TOGETHER = {
    CORE: ("compat", "clock", "outbox", "group", "sampler", "emit", "down", "node"),
    "boardpulse.eviction": ("eviction", "thinning"),
    "boardpulse.starting": ("compose", "config", "last_good", "program", "chips"),
}

# Of boards/_ports, what a board keeps as long as it runs.
RUNNING = ("running", "wifi", "lan")

# What most of a frame's time goes into: native code where the image is for one architecture. Native code takes about
# twice the heap of bytecode, so that it is for these only.
NATIVE = {
    ("shared_schema.framing", "_append_crc_bytewise"),
    ("shared_schema.framing", "_append_crc_halves"),
    ("shared_schema.framing", "seal"),
    ("shared_schema.cbor", "integer"),
    ("boardpulse.group", "encode"),
}

# Modules of the image, besides the sensors', that stay as long as the board runs. All others are loaded when they are
# needed.
HOT = {CORE, "boardpulse.uart", "boardpulse.mqtt", "boardpulse.sockets"}


def is_cold(bundle: str) -> bool:
    """Whether a module of the image is loaded only when it is needed."""
    return bundle.split(".")[0] in OURS and bundle not in HOT and bundle.partition(".")[2] not in OPTIONAL


LINKS = {
    "uart": ("boardpulse.links.uart", "boardpulse.links.repl"),
    "mqtt": ("boardpulse.links.mqtt", "boardpulse.links.mqtt_client", "boardpulse.links.mqtt_outgoing"),
}

# Sensors of things that a board need not have: each is loaded when it is configured.
OPTIONAL = (
    "battery", "ds18b20", "energy", "filesystem", "gc_pause", "i2c_temperature", "ina219", "ina226", "ina260", "ina2xx",
    "simulated",
)  # fmt: skip


def bundles(modules: Iterable[str], link: str | None) -> dict[str, str]:
    """Module → module of the image. With `link` everything that runs all the time is one module."""
    out = {f"boardpulse.{name}": bundle for bundle, names in TOGETHER.items() for name in names}
    for module in modules:
        if module.startswith("shared_schema"):
            out[module] = CORE
        elif module.startswith("boards."):
            out[module] = CORE if module.rpartition(".")[2] in RUNNING else "board"
        elif module.startswith("boardpulse.sensors.") and module.rpartition(".")[2] not in OPTIONAL:
            out[module] = CORE
        elif module.count(".") > 1:  # a package of its own would take heap
            out[module] = "boardpulse." + module.rpartition(".")[2]
    out |= {
        "shared_schema.batches": "boardpulse.batches",
        "shared_schema.commands": "boardpulse.commands",
        "shared_schema.check": "boardpulse.commands",
        "shared_schema.cbor_reader": "boardpulse.commands",
        "shared_schema.messages": SELDOM,
    }
    for name, names in LINKS.items():
        for module in names:
            out[module] = CORE if name == link else f"boardpulse.{name}"
    return out
