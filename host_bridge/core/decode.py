"""Bytes to message: cbor2, held to what shared_schema.cbor_reader refuses, then shared_schema.parse.

Samples frames, nearly all that a bridge gets, take a shorter way with the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import chain
from typing import Any, NoReturn

from cbor2 import CBORDecodeError, CBORDecoder, CBORSimpleValue, undefined

from shared_schema import messages as m
from shared_schema.columns import expand
from shared_schema.errors import CborError, PeerError, SchemaError, TooLongError
from shared_schema.frame import Unknown, Up
from shared_schema.hello import Hello
from shared_schema.parse import Bye, Event, Samples, Span, State, parse

Message = Hello | Samples | Event | Span | Bye | State | Unknown

_LEAVES = {int, float, str, bytes, bool, type(None), CBORSimpleValue, type(undefined)}
_KEYS = {int, str}
_FLAT = {int, type(None), float}
_KINDS = {*_FLAT, list}
_INTS = {int}


class BodyError(SchemaError):
    """A reliable frame whose header is right, its body wrong: it is acknowledged, since asking again mends nothing."""

    def __init__(self, header: Up, message: str) -> None:
        super().__init__(message)
        self.header = header


class _EveryTag(Mapping[int, Callable[..., object]]):
    """Answers for every tag, also for those that a later cbor2 may learn to decode."""

    def __getitem__(self, tag: int) -> Callable[..., object]:
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


def _refuse_tag(*_: object) -> NoReturn:
    raise CborError("tags are not allowed here")


_EVERY_TAG = _EveryTag()


def _read(data: bytes) -> object:
    """The item in `data`, still without the checks of _check."""
    stream = BytesIO(data)
    try:
        item: object = CBORDecoder(
            stream,
            max_depth=m.MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_EVERY_TAG,
            tag_hook=_refuse_tag,
        ).decode()
    except CBORDecodeError as error:
        raise CborError(str(error.__cause__ or error)) from None
    if stream.tell() != len(data):
        raise CborError(f"{len(data) - stream.tell()} bytes after the item")
    return item


def _check(item: object, depth: int) -> None:
    """What cbor2 lets pass: empty containers one level too deep, and map keys that are neither number nor string."""
    if type(item) in _LEAVES:
        return
    if depth >= m.MAX_DEPTH:
        raise CborError(f"nested deeper than {m.MAX_DEPTH}")
    if isinstance(item, list):
        for element in item:
            _check(element, depth + 1)
    elif isinstance(item, dict):
        for key, value in item.items():
            if type(key) not in _KEYS:
                raise CborError("a map key is neither an integer nor text")
            _check(value, depth + 1)
    else:
        raise CborError(f"a {type(item).__name__} is not of the data model of section 1")


def loads(data: bytes) -> object:
    """The one item that `data` holds. CborError for exactly what shared_schema.cbor_reader.loads refuses."""
    item = _read(data)
    _check(item, 0)
    return item


def decode(data: bytes) -> Message:
    """The message in a bare frame that went up. TooLongError, CborError, SchemaError (BodyError) or IdentityError.

    The columns of samples hold nothing but ints, nulls and floats.
    """
    if len(data) > m.MAX_FRAME_BYTES:
        raise TooLongError(f"a frame of {len(data)} bytes, more than {m.MAX_FRAME_BYTES}")
    item = _read(data)
    if type(item) is list and len(item) > 7 and type(item[0]) is int and item[0] == m.SAMPLES:
        samples = _samples(item)
        if samples is not None:
            return samples
    _check(item, 0)
    return _parse(item)


def _parse(item: object) -> Message:
    try:
        message = parse(item)
        if isinstance(message, Samples):
            for column in message.columns:
                expand(column, message.n)
        return message
    except PeerError as error:
        header = _reliable_header(item)
        if header is None:
            raise
        raise BodyError(header, str(error)) from None


def _reliable_header(item: object) -> Up | None:
    if not isinstance(item, list) or not item or type(item[0]) is not int or item[0] not in m.RELIABLE_KINDS:
        return None
    try:
        return Up(item)
    except SchemaError:
        return None


def _samples(item: list[object]) -> Samples | None:
    """parse() for a samples frame without anything odd in it; None leaves it to parse() to say what is odd."""
    plain = _INTS.issuperset(map(type, item))  # as a single sample is, unless a value is missing
    if not plain and not _INTS.issuperset(map(type, item[:6])):
        return None
    _, boot, seq, uptime, declaration, group, times, *columns = item
    if not (
        0 < boot <= m.MAX_BOOT  # type: ignore[operator]  # all six are ints
        and 0 <= seq <= m.MAX_SEQ  # type: ignore[operator]
        and 0 <= uptime <= m.MAX_UPTIME  # type: ignore[operator]
        and 0 <= declaration <= 255  # type: ignore[operator]
        and 0 <= group < m.MAX_GROUPS * m.MAX_SAMPLES  # type: ignore[operator]
        and len(columns) <= m.MAX_COLUMNS
    ):
        return None
    n = times if type(times) is int else len(times) + 1 if type(times) is list else 0
    if not 1 <= n <= m.MAX_SAMPLES or n * len(columns) > m.MAX_FRAME_VALUES:
        return None
    if not plain and not _columns_fit(columns, times, n):
        return None
    message = Samples.__new__(Samples)
    message.kind, message.boot, message.seq, message.uptime, message.skipped = m.SAMPLES, boot, seq, uptime, 0  # type: ignore[assignment]
    message.removed, message.group = divmod(group, m.MAX_GROUPS)  # type: ignore[operator]
    message.declaration, message.n, message.times, message.columns = declaration, n, times, columns  # type: ignore[assignment]
    return message


def _columns_fit(columns: list[Any], times: object, n: int) -> bool:
    """Whether each is an element, or `n` of them; and the times are elements."""
    many = [column for column in columns if type(column) is list]
    if len(many) < len(columns) and not _KINDS.issuperset(map(type, columns)):
        return False
    if many and ({*map(len, many)} != {n} or not _FLAT.issuperset(map(type, chain.from_iterable(many)))):
        return False
    return type(times) is not list or _FLAT.issuperset(map(type, times))
