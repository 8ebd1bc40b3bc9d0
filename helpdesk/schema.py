"""Where the migrations lie and which is the newest, without the library that runs them."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The migrations: inside the installed package, else at the top of the source tree."""
    here = Path(__file__).parent
    packaged = here / "migrations"
    return packaged if packaged.is_dir() else here.parent / "migrations"


def newest() -> str:
    """The number this version's schema has."""
    return (folder() / ".head").read_text(encoding="ascii").strip()
