"""The tree of parts of a raw message: the standard parser, kept linear, counted, and blind to attached messages."""

from __future__ import annotations

from email._policybase import Compat32
from email.feedparser import BytesFeedParser
from email.message import Message

from channels.email import headers, limits

_CHUNK = 2**16


class Section(Message):
    """One part. An attached message is a leaf here: its bytes stay as they came and cannot nest."""

    def __init__(self, policy: Compat32) -> None:
        super().__init__(policy)
        self._payload: list[Section] | str | None = None
        self.fields: dict[str, list[str]] = {}
        self.preset = "text/plain"
        self._depth = 0
        self._sizes = [0, 0]
        self._parts = [1]
        self._type: tuple[str, dict[str, str]] | None = None

    @property
    def type(self) -> str:
        return self._typed()[0]

    @property
    def parameters(self) -> dict[str, str]:
        return self._typed()[1]

    def first(self, name: str) -> str:
        """The raw value of a field, empty when it is missing."""
        values = self.fields.get(name)
        return values[0] if values else ""

    @property
    def children(self) -> list[Section]:
        return self._payload if isinstance(self._payload, list) else []

    @property
    def content(self) -> bytes:
        """The decoded bytes of a leaf, as much of them as can be decoded."""
        payload = self._payload
        if not isinstance(payload, str):
            return b""
        octets = payload.encode("utf-8", "surrogateescape")
        encoding = self.first("content-transfer-encoding").partition(";")[0].strip().lower()
        return headers.transfer_decoded(octets, encoding)

    def set_raw(self, name: str, value: str) -> None:
        """Take one field from the parser.

        Raises:
            OverLimit: the block holds too many or too large fields.
        """
        limits.check_header(len(name) + len(value))
        self._sizes[0] += 1
        self._sizes[1] += len(name) + len(value) + 4
        limits.check_block(*self._sizes)
        self.fields.setdefault(name.strip().lower(), []).append(value)

    def attach(self, payload: Section) -> None:  # type: ignore[override]
        """Take one part from the parser.

        Raises:
            OverLimit: there are too many parts, or too deep ones.
        """
        payload._depth = self._depth + 1
        payload._parts = self._parts
        payload.preset = "message/rfc822" if self.type == "multipart/digest" else "text/plain"
        self._parts[0] += 1
        limits.check_parts(self._parts[0], payload._depth)
        if isinstance(self._payload, list):
            self._payload.append(payload)
        else:
            self._payload = [payload]

    def get_content_type(self) -> str:
        """What the parser is told: it must not open attached messages and delivery reports."""
        return "application/octet-stream" if self.type.startswith("message/") else self.type

    def get_content_maintype(self) -> str:
        return self.get_content_type().partition("/")[0]

    def get_boundary(self, failobj: None = None) -> str | None:  # type: ignore[override]
        return self.parameters.get("boundary", "").rstrip() or failobj

    def _typed(self) -> tuple[str, dict[str, str]]:
        if self._type is None:
            written, parameters = headers.content_type(self.first("content-type"))
            self._type = (written or self.preset, parameters)
        return self._type


def read(raw: bytes) -> Section:
    """The tree of `raw`.

    Raises:
        OverLimit: it is larger, deeper or has more parts than we read.
    """
    limits.check(raw)
    parser: BytesFeedParser[Section] = BytesFeedParser(_factory=Section, policy=_POLICY)  # type: ignore[arg-type]
    for start in range(0, len(raw), _CHUNK):
        parser.feed(raw[start : start + _CHUNK])
    return parser.close()


class _Policy(Compat32):
    """The linear policy of the standard library; a field is handed over unread."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        limits.check_header(sum(map(len, sourcelines)))
        name, _, value = sourcelines[0].partition(":")
        return name, "".join([value.lstrip(" \t"), *sourcelines[1:]]).rstrip("\r\n")


_POLICY = _Policy()
