"""A real MQTT broker, mosquitto, in a temporary directory: plain and TLS on free loopback ports, with a password.

Try it by hand: `python -m tests.fakes.mosquitto` prints the ports and runs until Ctrl-C.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from typing import Any

from paho.mqtt import publish

from tests.fakes.certificates import Certificate, throwaway
from tests.fakes.ports import free_port, wait_for_port
from tests.fakes.program import Program

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
USER, PASSWORD = "kept", "secret"

_CONFIG = """
per_listener_settings false
allow_anonymous false
password_file {dir}/passwords
acl_file {dir}/acl
persistence true
persistence_location {dir}/
autosave_interval 1
max_inflight_messages 20
max_queued_messages 100000
listener {plain} 127.0.0.1
listener {tls} 127.0.0.1
certfile {chain}
keyfile {key}
"""
_ACL = "user {user}\ntopic readwrite devices/#\ntopic readwrite plants/#\n"


class Mosquitto(Program):
    """Start with `with Mosquitto() as broker:`; it keeps its sessions and messages over `stop` and `start`."""

    def __init__(self) -> None:
        assert PROGRAM, "mosquitto is not installed: apt install mosquitto"
        super().__init__("mosquitto")
        self.certificate: Certificate = throwaway(self.directory)
        self.port, self.tls_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write()

    def start(self) -> None:
        assert PROGRAM
        log = (self.directory / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", self.directory / "mosquitto.conf"], stdout=log, stderr=subprocess.STDOUT
            )
        for port in (self.port, self.tls_port):
            wait_for_port(port)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def say(self, topic: str, *reports: dict[str, Any] | bytes, retain: bool = False, qos: int = 1) -> None:
        """Publish, and return once the broker has it."""
        messages = [(topic, one if isinstance(one, bytes) else json.dumps(one), qos, retain) for one in reports]
        publish.multiple(messages, hostname=self.host, port=self.port, auth={"username": USER, "password": PASSWORD})  # type: ignore[arg-type]

    def _write(self) -> None:
        folder = self.directory
        maker = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
        (folder / "passwords").touch(mode=0o600)
        subprocess.run([maker, "-b", folder / "passwords", USER, PASSWORD], check=True, capture_output=True)
        (folder / "acl").write_text(_ACL.format(user=USER))
        config = _CONFIG.format(
            dir=folder, plain=self.port, tls=self.tls_port, chain=self.certificate.chain, key=self.certificate.key
        )
        (folder / "mosquitto.conf").write_text(config)
        folder.chmod(0o755)
        if os.getuid() == 0:  # as root it becomes the user mosquitto
            self.give_to("mosquitto", "mosquitto")


def main() -> None:
    with Mosquitto() as broker:
        print(f"mqtt {broker.port}, mqtts {broker.tls_port}, user {USER} / {PASSWORD}")
        broker.until_interrupted()


if __name__ == "__main__":
    main()
