"""The one tree of errors. Its first split is whose fault it was: the peer's (PeerError) or our own."""


class BoardpulseError(Exception):
    """Root of every error that boardpulse raises on purpose."""


class PeerError(BoardpulseError):
    """What a peer sent breaks SPEC.md. `reason` is one of REASONS: a receiver counts it and goes on."""

    reason = ""


class FramingError(PeerError):
    """Bytes between two zeros that are no COBS, or too short for a frame."""

    reason = "framing"


class CrcError(PeerError):
    """The CRC-32 of a frame differs."""

    reason = "crc"


class TooLongError(PeerError):
    """More than MAX_FRAME_BYTES."""

    reason = "too_long"


class CborError(PeerError):
    """Not one well-formed CBOR item, or one that SPEC.md section 1 refuses."""

    reason = "cbor"


class SchemaError(PeerError):
    """Well-formed CBOR, but not a frame of SPEC.md. The message names the field."""

    reason = "schema"


class IdentityError(PeerError):
    """A device id that SPEC.md section 3 does not allow, or that differs from its topic's."""

    reason = "identity"


class AuthError(PeerError):
    """Authentication is missing, wrong or a replay (SPEC.md section 15)."""

    reason = "auth"


REASONS = ("framing", "crc", "too_long", "cbor", "schema", "identity", "auth")


class EncodeError(BoardpulseError):
    """Our own side asked to encode something that SPEC.md does not allow."""


class BufferFullError(EncodeError):
    """The frame does not fit into the buffer that it is being written to."""


class ConfigError(BoardpulseError):
    """A configuration is wrong. `problems` lists (path, value, what would be right), all of them at once."""

    def __init__(self, problems: "list[tuple[str, object, str]]") -> None:
        self.problems = problems
        super().__init__("; ".join("%s = %r: %s" % problem for problem in problems))
