"""Where to go after sign-in: a path of our own, whatever a link asked for."""

from __future__ import annotations

from urllib.parse import urlsplit

HOME = "/"


def local_path(asked: str) -> str:
    """`asked` when every browser reads it as a path on this host, else the start page.

    Browsers drop tabs and line breaks and read a backslash as a slash (WHATWG URL, 4.4), so none may be in it.
    """
    if not asked.startswith("/") or asked.startswith("//") or len(asked) > 2000:
        return HOME
    if "\\" in asked or not asked.isprintable() or " " in asked:
        return HOME
    try:
        parts = urlsplit(asked)
    except ValueError:
        return HOME
    return asked if not parts.scheme and not parts.netloc else HOME
