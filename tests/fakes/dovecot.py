"""A real Dovecot in a temporary directory: IMAP, IMAPS and LMTP on free loopback ports.

Try it by hand: `python -m tests.fakes.dovecot` prints the ports and runs until Ctrl-C.
"""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from imapclient import IMAPClient

from tests.fakes.certificates import Certificate, throwaway
from tests.fakes.ports import free_port, wait_for_port
from tests.fakes.program import Program

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PASSWORD = "secret"
INSTALL = "apt-get install dovecot-imapd dovecot-lmtpd"

_CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
mail_location = maildir:{dir}/mail/%u
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
disable_plaintext_auth = no
mail_fsync = never
auth_failure_delay = 0
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={{PLAIN}}{password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
protocol imap {{
  imap_idle_notify_interval = 29 mins
}}
"""


class Dovecot(Program):
    """Start with `with Dovecot() as server:`; any user name is a mailbox, `secret` the password of all."""

    kind = "dovecot"

    def __init__(self) -> None:
        assert PROGRAM, f"Dovecot is not installed: {INSTALL}"
        super().__init__("dovecot")
        self.certificate: Certificate = throwaway(self.directory)
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self._write()

    def start(self) -> None:
        subprocess.run([PROGRAM, "-c", self.directory / "dovecot.conf"], check=True, timeout=20)
        for port in (self.imap_port, self.imaps_port, self.lmtp_port):
            wait_for_port(port)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait until it has; with SIGKILL, or when it takes longer than a second, without any farewell."""
        pid = self.pid
        everyone = [pid, *_children(pid)] if pid else []
        if everyone and how is signal.SIGTERM:
            _kill(pid, how)
            _wait_until_gone(everyone, 1)
        for one in everyone:
            _kill(one, signal.SIGKILL)
        _wait_until_gone(everyone, 10)
        (self.directory / "run" / "master.pid").unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        try:
            return int((self.directory / "run" / "master.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def deliver(self, raw: bytes, user: str = "agent") -> None:
        with smtplib.LMTP(self.host, self.lmtp_port, timeout=10) as client:
            client.sendmail("sender@customer.example", [user], raw)

    def client(self, user: str = "agent", password: str = PASSWORD) -> IMAPClient:
        """A signed-in connection, as another mail program would have one."""
        client = IMAPClient(self.host, self.imap_port, ssl=False, timeout=20)
        client.login(user, password)
        return client

    def bump_uidvalidity(self, user: str = "agent") -> None:
        """Give the INBOX a new UIDVALIDITY and new UIDs, as a restored backup does. Nobody may be connected to it."""
        box = self.directory / "mail" / user
        listing = box / "dovecot-uidlist"
        head, *mails = listing.read_text().splitlines()
        fields = [f"V{int(word[1:]) + 1}" if word.startswith("V") else word for word in head.split()]
        for index in box.glob("dovecot.index*"):
            index.unlink()
        listing.write_text("\n".join([" ".join(fields), *mails]) + "\n")

    def _write(self) -> None:
        user, group = _owner()
        config = _CONFIG.format(
            dir=self.directory,
            password=PASSWORD,
            user=user,
            group=group,
            cert=self.certificate.chain,
            key=self.certificate.key,
            imap=self.imap_port,
            imaps=self.imaps_port,
            lmtp=self.lmtp_port,
        )
        (self.directory / "dovecot.conf").write_text(config)
        (self.directory / "mail").mkdir()
        self.directory.chmod(0o755)
        if os.getuid() == 0:
            self.give_to(user, group)


def _owner() -> tuple[str, str]:
    """Dovecot refuses to serve mail as root."""
    name = "nobody" if os.getuid() == 0 else getpass.getuser()
    return name, grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _wait_until_gone(pids: list[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(map(_alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)


def _kill(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, how)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return False


def main() -> None:
    with Dovecot() as server:
        print(f"imap {server.imap_port}, imaps {server.imaps_port}, lmtp {server.lmtp_port}, user agent / secret")
        server.until_interrupted()


if __name__ == "__main__":
    main()
