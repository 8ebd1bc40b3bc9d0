"""How much of a message is read at all; what is larger is refused before it costs anything."""

from __future__ import annotations

import re

RAW_BYTES = 50 * 2**20
HEADER_BLOCK_BYTES = 256 * 2**10
HEADER_BYTES = 32 * 2**10
LINES = 3_000_000
HEADERS = 1_000
PARTS = 1_000
DEPTH = 50
ADDRESSES = 1_000

_HEADER_BLOCK = re.compile(rb"(?:(?:From |[!-9;-~]*:|[\t ])[^\r\n]*(?:\r\n|\r|\n|\Z))*")


class OverLimit(Exception):
    """The message is larger or deeper than we read; `reason` is a sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check(raw: bytes) -> None:
    """Refuse what is too large before any of it is parsed.

    Raises:
        OverLimit: the message or its header block is over its limit.
    """
    if len(raw) > RAW_BYTES:
        raise OverLimit(f"The message is larger than {RAW_BYTES // 2**20} MB.")
    if max(raw.count(b"\n"), raw.count(b"\r")) > LINES:
        raise OverLimit(f"The message has more than {LINES:,} lines.")
    block = _HEADER_BLOCK.match(raw, 0, HEADER_BLOCK_BYTES + 1)
    if block and block.end() > HEADER_BLOCK_BYTES:
        raise OverLimit(f"The header block is larger than {HEADER_BLOCK_BYTES // 2**10} kB.")


def check_header(size: int) -> None:
    """Refuse one header field of more than HEADER_BYTES.

    Raises:
        OverLimit: it is larger.
    """
    if size > HEADER_BYTES:
        raise OverLimit(f"One header is larger than {HEADER_BYTES // 2**10} kB.")


def check_block(count: int, size: int) -> None:
    """Refuse a header block, of a message or of a part, with too many fields or too many bytes.

    Raises:
        OverLimit: it holds more.
    """
    if count > HEADERS:
        raise OverLimit(f"The message has more than {HEADERS:,} header fields.")
    if size > HEADER_BLOCK_BYTES:
        raise OverLimit(f"The header block is larger than {HEADER_BLOCK_BYTES // 2**10} kB.")


def check_parts(count: int, depth: int) -> None:
    """Refuse the part that is one too many or one level too deep.

    Raises:
        OverLimit: it is.
    """
    if count > PARTS:
        raise OverLimit(f"The message has more than {PARTS:,} parts.")
    if depth > DEPTH:
        raise OverLimit(f"The message nests its parts more than {DEPTH} deep.")


def check_addresses(count: int) -> None:
    """Refuse a message that names more than ADDRESSES people.

    Raises:
        OverLimit: it names more.
    """
    if count > ADDRESSES:
        raise OverLimit(f"The message names more than {ADDRESSES:,} addresses.")
