"""Security headers on every response, errors, fragments, downloads and assets included."""

from __future__ import annotations

from flask import Flask, Response, request

from helpdesk.settings import settings

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; frame-src 'self'"
)
"""No inline script or style, nothing from elsewhere, nobody may frame us."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS = 63_072_000


def install(app: Flask) -> None:
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    """A view may set headers of its own: for a customer's HTML in its frame, for a script that other sites load."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if settings().base_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}"
    return response
