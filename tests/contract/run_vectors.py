"""Runs all vectors on what interprets this: CPython, MicroPython 64 bit or 32 bit. One argument: the vectors' folder.

Decodes each frame to its meaning and encodes the meaning to the same bytes, refuses what is invalid with the stated
reason, and frames and deframes lines. Prints a line a file, then the number of vectors and a digest over every frame
that it encoded or decoded, which is the same on each interpreter; exits 1 with what failed.
"""

# mypy: ignore-errors
# MicroPython has no `typing`, and a vector is whatever its JSON says.

import binascii
import hashlib
import json
import sys

from shared_schema import batches, columns, commands, encode, framing, messages
from shared_schema import messages as m
from shared_schema.cbor import Writer
from shared_schema.cbor_reader import loads
from shared_schema.errors import AuthError, IdentityError, PeerError, SchemaError
from shared_schema.parse import parse
from tests.contract.meanings import body_of, said

NAMES = {"frame": framing.FRAME, "text": framing.TEXT, "bad": framing.BAD}
SPECIALS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}
PIECES = (1, 2, 3, 7, 64, 100000)


def unhex(text):
    """Bytes from hex; MicroPython has no bytes.fromhex before 1.25."""
    return binascii.unhexlify(text)


def tohex(data):
    """Hex in lower case."""
    return str(binascii.hexlify(data), "ascii")


def is_down(vector: dict) -> bool:
    """Whether the frame goes down."""
    if "way" in vector:
        return vector["way"] == "down"
    return vector["meaning"]["kind"] in ("ack", "hello?", "set", "reset", 12, 13, 14, 15)


def decode(frame, down, interval_ms):
    """The message in a frame, its columns expanded: everything that a receiver may refuse is looked at."""
    item = loads(frame)
    if down:
        return commands.parse_down(item)
    message = parse(item)
    if message.kind == m.SAMPLES:
        columns.offsets(message.times, interval_ms)
    return message


def samples_said(message, vector):
    """What a samples frame says, and how much of it was refused."""
    interval_ms = vector["meaning"]["interval_ms"]
    declared = vector.get("declared_columns", len(message.columns))
    message.skipped += len(message.columns) - declared
    refused = 0
    out = []
    for column in message.columns[:declared]:
        values = columns.expand(column, message.n)
        for i, value in enumerate(values):
            values[i] = named(value)
            refused += value is not None and values[i] is None
        out.append(values)
    at = [message.uptime + offset for offset in columns.offsets(message.times, interval_ms)]
    says = {"declaration": message.declaration, "group": message.group, "interval_ms": interval_ms}
    says["times"] = at
    if message.removed:
        says["removed"] = message.removed
    says["columns"] = out
    return says, refused


def named(value):
    """A value as a meaning has it: specials by name, what is no integer within MAX_VALUE as missing."""
    if value is None or (isinstance(value, int) and -messages.MAX_VALUE <= value <= messages.MAX_VALUE):
        return value
    if value != value:
        return "NaN"
    if value in (SPECIALS["Infinity"], SPECIALS["-Infinity"]) and not isinstance(value, int):
        return "Infinity" if value > 0 else "-Infinity"
    return None


def check_decoded(frame, vector):
    """The frame has the vector's meaning."""
    meaning = vector["meaning"]
    message = decode(frame, is_down(vector), meaning.get("interval_ms", 0))
    refused = 0
    if message.kind == m.SAMPLES:
        says, refused = samples_said(message, vector)
        says.update({"kind": "samples", "boot": message.boot, "seq": message.seq, "uptime": message.uptime})
        expected = meaning
    else:
        says, expected = said(message, meaning, vector.get("defaults", {}))
    if says != expected:
        raise ValueError("means %r, not %r" % (says, expected))
    if message.skipped != vector.get("skipped", 0) or refused != vector.get("refused_values", 0):
        raise ValueError("%d parts skipped and %d values refused" % (message.skipped, refused))


def reencode(meaning):
    """The frame that says `meaning`, by the encoders that boards and bridges use."""
    kind, boot = meaning["kind"], meaning["boot"]
    if kind == "ack":
        return commands.encode_ack(boot, meaning["next"])
    if kind == "hello?":
        return commands.encode_hello_request(boot)
    if kind == "set":
        return commands.encode_set(boot, meaning["command"], body_of(meaning))
    if kind == "reset":
        return commands.encode_reset(boot, meaning["command"], meaning["mode"])
    if kind == "state":
        return encode.state(encode.boot_bytes(boot), meaning["status"])
    w = Writer(bytearray(m.MAX_FRAME_BYTES + 64))
    uptime = (meaning["uptime"] >> 24, meaning["uptime"] & 0xFFFFFF)
    if kind == "samples":
        write_samples(w, meaning, uptime)
    else:
        number = {"hello": m.HELLO, "event": m.EVENT, "span": m.SPAN, "bye": m.BYE}[kind]
        encode.body_frame(w, (number, encode.boot_bytes(boot), meaning["seq"]), uptime, body_of(meaning))
    return bytes(w.buf[: w.pos])


def write_samples(w, meaning, uptime):
    """A samples frame as a board's sampler writes it."""
    at = meaning["times"]
    gaps = [0] + [at[i] - at[i - 1] for i in range(1, len(at))]
    encode.begin_samples(w, len(meaning["columns"]), encode.boot_bytes(meaning["boot"]), meaning["seq"])
    w.split_uint(uptime[0], uptime[1])
    w.uint(meaning["declaration"])
    w.uint(meaning["group"] + 32 * meaning.get("removed", 0))
    batches.times(w, gaps, len(at), meaning["interval_ms"])
    for values in meaning["columns"]:
        batches.column(w, [SPECIALS.get(value, value) for value in values], len(values))


def both_ways(vector: dict, digest: object) -> None:
    """up, down, limits: the frame means what it should, and the meaning becomes the frame."""
    frame = unhex(vector["hex"])
    check_decoded(frame, vector)
    made = reencode(vector["meaning"])
    digest.update(made)
    if made != frame:
        raise ValueError("encoded as %s" % tohex(made))


def accepted(vector, digest):
    """compatibility: the frame means what it should."""
    frame = unhex(vector["hex"])
    check_decoded(frame, vector)
    digest.update(frame)


def refused(vector, digest):
    """invalid: the frame is refused with its reason."""
    frame = unhex(vector["hex"])
    digest.update(frame)
    try:
        message = decode(frame, is_down(vector), vector.get("interval_ms", 1000))
        for column in getattr(message, "columns", []):
            columns.expand(column, message.n)
    except PeerError as error:
        if error.reason != vector["reason"]:
            raise ValueError("refused as %s: %s" % (error.reason, error))
        return
    raise ValueError("accepted")


def authenticated(vector, digest):
    """auth: the envelope opens with the key and device id, and its frame means what it should; or it is refused."""
    frame = unhex(vector["hex"])
    digest.update(frame)
    try:
        payload = open_envelope(frame, unhex(vector["key"]), vector["device_id"])
        if "reason" in vector:
            decode(payload, False, 1000)
    except PeerError as error:
        if error.reason != vector.get("reason"):
            raise ValueError("refused as %s: %s" % (error.reason, error))
        return
    if "reason" in vector:
        raise ValueError("accepted")
    check_decoded(payload, vector)
    made = reencode(vector["meaning"])
    kid = vector["kid"]
    w = Writer(bytearray(m.MAX_FRAME_BYTES))
    w.head(0xC0, 17)
    w.item([b"\xa1\x01\x04", {} if kid is None else {4: kid.encode()}, made, unhex(vector["tag"])])
    if bytes(w.buf[: w.pos]) != frame:
        raise ValueError("sealed as %s" % tohex(bytes(w.buf[: w.pos])))


def open_envelope(frame, key, device_id):
    """The payload of SPEC.md section 15's envelope, for a receiver that has a key for the device."""
    if frame[0] != 0xD1:
        loads(frame)
        raise AuthError("no envelope")
    parts = loads(frame[1:])
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != b"\xa1\x01\x04":
        raise SchemaError("no COSE_Mac0 with HMAC 256/64")
    if not isinstance(parts[1], dict) or not isinstance(parts[2], bytes) or len(parts[3]) != 8:
        raise SchemaError("an envelope that section 15 does not allow")
    if parts[1].get(4, device_id.encode()) != device_id.encode():
        raise IdentityError("another device's")
    w = Writer(bytearray(m.MAX_FRAME_BYTES))
    w.item(["MAC0", parts[0], device_id.encode(), parts[2]])
    if parts[3] != hmac_sha256(key, bytes(w.buf[: w.pos]))[:8]:
        raise AuthError("the tag differs")
    return parts[2]


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """RFC 2104 for a key of up to 64 bytes; MicroPython has no hmac."""
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in key]) + data).digest()
    return hashlib.sha256(bytes([b ^ 0x5C for b in key]) + inner).digest()


def sealed(vector, digest):
    """uart lines: sealing gives the line, in place as a board does and by copy; the chunk gives back the frame."""
    frame, line = unhex(vector["frame"]), unhex(vector["line"])
    buf = bytearray(framing.LEAD + framing.room(len(frame)) + 3)
    buf[framing.LEAD + 3 : framing.LEAD + 3 + len(frame)] = frame
    made = bytes(buf[3 : framing.seal(buf, framing.LEAD + 3, framing.LEAD + 3 + len(frame))])
    digest.update(made)
    if made != line or framing.encode_frame(frame) != line:
        raise ValueError("sealed as %s" % tohex(made))
    if framing.decode_chunk(line[1:-1]) != frame:
        raise ValueError("the chunk decodes to another frame")
    if framing.Deframer().feed(line) != [(framing.FRAME, frame)]:
        raise ValueError("the deframer does not find it")


def streamed(vector, digest):
    """uart streams: the same events, however the bytes are cut."""
    data = unhex(vector["hex"])
    expected = events(vector["events"])
    for size in PIECES:
        deframer = framing.Deframer()
        got = []
        for i in range(0, len(data), size):
            got.extend(deframer.feed(data[i : i + size]))
        if got != expected:
            raise ValueError("in pieces of %d: %r" % (size, got))
        flushed = deframer.flush()
        if flushed != events(vector["flush"]):
            raise ValueError("flushed: %r" % flushed)
    digest.update(data)


def events(given):
    """A vector's events as the deframer gives them."""
    return [(NAMES[what], unhex(value) if what == "frame" else value) for what, value in given]


def addressed(vector, digest):
    """topics: shard and topics of a device id."""
    device_id = messages.check_device_id(vector["device_id"])
    if messages.shard(device_id) != vector["shard"]:
        raise ValueError("shard %s" % messages.shard(device_id))
    for suffix in ("up", "hello", "state", "down"):
        made = messages.topic(device_id, suffix)
        digest.update(made.encode())
        if made != vector[suffix]:
            raise ValueError("topic %s" % made)


FILES = (
    ("up.json", "vectors", both_ways),
    ("limits.json", "vectors", both_ways),
    ("down.json", "vectors", both_ways),
    ("compatibility.json", "vectors", accepted),
    ("invalid.json", "vectors", refused),
    ("auth.json", "vectors", authenticated),
    ("topics.json", "vectors", addressed),
    ("uart.json", "lines", sealed),
    ("uart.json", "streams", streamed),
)


def run(folder):
    """Run every vector; return what failed."""
    digest = hashlib.sha256()
    failures = []
    total = 0
    for name, section, check in FILES:
        with open(folder + "/" + name) as file:
            vectors = json.load(file)[section]
        for vector in vectors:
            try:
                check(vector, digest)
            except (PeerError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
                failures.append("%s %s: %r" % (name, vector["name"], error))
        total += len(vectors)
        print("%-20s %-8s %4d" % (name, section, len(vectors)))
    print("total %d" % total)
    print("digest %s" % tohex(digest.digest()))
    return failures


if __name__ == "__main__":
    failed = run(sys.argv[1])
    for line in failed:
        print("FAILED %s" % line[:2000])
    print("failed %d" % len(failed))
    if failed:
        sys.exit(1)
