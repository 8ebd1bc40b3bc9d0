"""The disk for files fills up: no mail is flagged that cannot be kept, and all of it comes in by itself afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk import blobs
from tests.fakes.dovecot import Dovecot
from tests.faults.rig import Product, until
from tests.faults.scene import SUPPORT, Scene


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """64 MB of memory as a disk where we may mount one, else a plain folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.getuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=False, capture_output=True
        ).returncode
    )
    yield disk
    if mounted:
        subprocess.run(["umount", "-l", disk], check=True)


def mail(number: int) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"a{number}@customer.example", SUPPORT, f"Plan {number}"
    made["Message-ID"] = f"<{number}@customer.example>"
    made.set_content("See the plan.")
    made.add_attachment(os.urandom(300_000), "application", "octet-stream", filename="plan.bin")
    return made.as_bytes().replace(b"\n", b"\r\n")


@pytest.mark.fault
@pytest.mark.dovecot
class TestDiskFull:
    def test_mail_waits_unflagged_on_its_server_and_comes_in_alone(self, small_disk: Path) -> None:
        with Dovecot() as server, Product(Scene(imap=server.imap_port), blobs=small_disk) as product:
            folder = product.var / "blobs"
            assert folder.resolve() == small_disk.resolve()
            _append(server, 0, 5)
            until(lambda: _filed(product) == 5, 30, "mail to be filed")
            ballast = _fill(small_disk)
            _append(server, 5, 15)
            until(lambda: "could not be stored" in _state(product), 30, "the mailbox to say so")
            assert _seen(server) == 5
            assert _filed(product) == 5
            ballast.unlink()
            until(lambda: _filed(product) == 15, 90, "intake to resume alone")
            until(lambda: _seen(server) == 15, 10, "the flags")
            assert product.value("SELECT count(*) FROM inbound WHERE state <> 'done'") == 0
            digests = {digest for (digest,) in product.rows("SELECT sha256 FROM attachment")}
            assert {path.name for path in folder.rglob("*") if path.is_file()} == digests

    def test_a_mail_whose_files_do_not_fit_waits_without_counting_as_broken(self, small_disk: Path) -> None:
        """The listener looks for room first; a disk that lies about it is found out while filing."""
        with Dovecot() as server, Product(Scene(imap=server.imap_port), blobs=small_disk) as product:
            _append(server, 0, 1)
            until(lambda: _filed(product) == 1, 30, "mail to be filed")
            _limit_files(product, 100_000)
            _append(server, 1, 3)
            until(lambda: "no_room_for_files" in product.log, 30, "filing to stop")
            assert product.value("SELECT count(*) FROM inbound WHERE state = 'waiting' AND attempts = 0") >= 1
            _limit_files(product, None)
            until(lambda: _filed(product) == 3, 30, "filing to resume alone")


def _append(server: Dovecot, first: int, after: int) -> None:
    with server.client() as client:
        for number in range(first, after):
            client.append("INBOX", mail(number))


def _filed(product: Product) -> int:
    return int(product.value("SELECT count(*) FROM inbound WHERE state = 'done'"))


def _state(product: Product) -> str:
    return str(product.value("SELECT state_text FROM channel"))


def _seen(server: Dovecot) -> int:
    with server.client() as client:
        client.select_folder("INBOX", readonly=True)
        return len(client.search("SEEN"))


def _fill(disk: Path) -> Path:
    """Leave less than what must stay free."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    size = free.f_bavail * free.f_frsize - blobs.SPARE_BYTES + 100_000
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return ballast


def _limit_files(product: Product, size: int | None) -> None:
    """The largest file the worker may write, in bytes (RLIMIT_FSIZE)."""
    pid = product.pid("worker")
    subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={size or 'unlimited'}:unlimited"], check=True)
