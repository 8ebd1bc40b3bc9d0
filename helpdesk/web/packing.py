"""Bytes on the wire: pages leave gzipped, built files as the build packed them, kept by the browser for good."""

from __future__ import annotations

import gzip
import io
import mimetypes
import secrets
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join

_PACKED = frozenset({"text/html", "text/plain", "application/json", "image/svg+xml"})
_WORTH_IT = 1_000
_LEVEL = 4
"""Within a few percent of the smallest at a third of the time."""
_PADDING = 100
_FOR_GOOD = "public, max-age=31536000, immutable"
"""A built file's name changes with its content."""


def install(app: Flask) -> None:
    app.after_request(_pack)
    app.view_functions["static"] = _static(Path(str(app.static_folder)))


def _pack(response: Response) -> Response:
    """Gzip what is whole, text and large enough; streams and files pass."""
    if response.is_streamed or response.direct_passthrough or response.mimetype not in _PACKED:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) < _WORTH_IT or "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    response.set_data(_gzipped(body))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _gzipped(body: bytes) -> bytes:
    """A name of random length in the header hides how well a page's secret packs with a guess at it (BREACH)."""
    packed = io.BytesIO()
    name = "k" * secrets.randbelow(_PADDING)
    with gzip.GzipFile(filename=name, mode="wb", fileobj=packed, compresslevel=_LEVEL, mtime=0) as file:
        file.write(body)
    return packed.getvalue()


def _static(folder: Path) -> Callable[[str], Response]:
    def static(filename: str) -> Response:
        packed = safe_join(str(folder), f"{filename}.gz")
        has_packed = packed is not None and Path(packed).is_file()
        takes = has_packed and bool(request.accept_encodings["gzip"])
        kind = mimetypes.guess_type(filename)[0]
        response = send_from_directory(folder, f"{filename}.gz" if takes else filename, mimetype=kind)
        if takes:
            response.headers["Content-Encoding"] = "gzip"
        if has_packed:
            response.vary.add("Accept-Encoding")
        if filename.startswith("dist/") and not filename.endswith(".json"):
            response.headers["Cache-Control"] = _FOR_GOOD
        return response

    return static
