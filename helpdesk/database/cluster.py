"""A data folder: made once, whole or not at all, and the options its server runs with."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

from helpdesk.database.address import ROLE
from helpdesk.database.binaries import Binaries
from helpdesk.database.place import Owner, Place, own
from helpdesk.database.trouble import CannotStart

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # rows and statements hold what customers wrote: they do not belong in a log
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def ensure(place: Place, binaries: Binaries, *, fsync: bool) -> None:
    """Make the data folder unless it is there.

    Raises:
        CannotStart: another version made it, it is not a database, or it cannot be made.
    """
    if place.major is not None:
        _same_major(place, binaries)
    elif place.data.exists():
        raise CannotStart(f"{place.data} does not hold a PostgreSQL database; move it away and start again.")
    else:
        _initialise(place, binaries, fsync=fsync)


def command(place: Place, binaries: Binaries, *, fsync: bool) -> list[str]:
    """The command line of the server; options live here and not in a file, so they follow the product's version."""
    socket = str(place.socket).replace('"', '""')
    options = _OPTIONS | {"unix_socket_directories": f'"{socket}"'}
    if not fsync:
        options |= {"fsync": "off", "full_page_writes": "off"}
    return [str(binaries.postgres), "-D", str(place.data), *(f"-c{name}={value}" for name, value in options.items())]


def dropped(owner: Owner | None) -> dict[str, Any]:
    """The arguments of `subprocess` that give up root for `owner`."""
    return {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}


def _same_major(place: Place, binaries: Binaries) -> None:
    if place.major != binaries.major:
        raise CannotStart(
            f"{place.data} was made by PostgreSQL {place.major} and only {binaries.major} is at hand: set "
            f"HELPDESK_PG_BIN to the programs of {place.major}, or dump with those, move the folder away and restore."
        )


def _trouble(said: str) -> str:
    """The line that says what was wrong; what was tidied up afterwards comes last and says nothing."""
    lines = [line for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:|not ", line)]
    return (wrong or lines or ["it said nothing"])[0].strip()


def _initialise(place: Place, binaries: Binaries, *, fsync: bool) -> None:
    """Into a folder beside it and then renamed: a killed start leaves nothing half made in `data`."""
    unfinished = place.folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    own(unfinished, place.owner)
    locale = ["--locale=C.UTF-8"]
    if binaries.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    arguments = [str(binaries.initdb), "-D", str(unfinished), "-U", ROLE, "--auth=trust", "--encoding=UTF8", *locale]
    made = subprocess.run(  # noqa: S603 - programs found by `binaries`
        arguments if fsync else [*arguments, "--no-sync"],
        cwd=place.folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **dropped(place.owner),
    )
    if made.returncode != 0:
        raise CannotStart(f"A database could not be made in {place.folder}: {_trouble(made.stderr)}")
    unfinished.rename(place.data)
