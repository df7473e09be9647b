"""A long answer, sent in blocks: it is never in memory as a whole besides the pieces that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

BLOCK_BYTES = 131_072  # of a block at least: few calls a megabyte, and no more waits in the process than a socket takes


class Blocks(Payload):
    """A body of known length, a block after another as the client takes them."""

    def __init__(self, pieces: Sequence[bytes], content_type: str) -> None:
        super().__init__(pieces, content_type=content_type)
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """As text."""
        return b"".join(self._pieces).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send it."""
        for block in in_blocks(self._pieces):
            await writer.write(block)


def in_blocks(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of at least BLOCK_BYTES, but for the last, each put together when it is asked for."""
    first = size = 0
    for place, piece in enumerate(pieces, 1):
        size += len(piece)
        if size >= BLOCK_BYTES:
            yield b"".join(pieces[first:place])
            first, size = place, 0
    if first < len(pieces):
        yield b"".join(pieces[first:])
