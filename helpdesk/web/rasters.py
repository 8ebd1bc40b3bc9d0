"""Which bytes are a raster image a browser may show: judged by the bytes, never by what they are called."""

from __future__ import annotations

_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def raster_type(content: bytes) -> str:
    """The media type of a PNG, JPEG, GIF or WebP by its first bytes; empty for everything else."""
    for sign, kind in _SIGNS:
        if content.startswith(sign):
            return kind
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
