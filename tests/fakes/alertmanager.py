"""A real Prometheus Alertmanager in a temporary directory, on a free loopback port, that tells one webhook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime

import urllib3

from tests.fakes.ports import free_port, wait_for_port
from tests.fakes.program import Program

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

_CONFIG = """
route:
  receiver: kept
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: kept
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization:
            credentials: {key}
"""


class Alertmanager(Program):
    """Start with `with Alertmanager(url, key) as one:`."""

    def __init__(self, url: str, key: str) -> None:
        assert PROGRAM, "Alertmanager is not installed: apt install prometheus-alertmanager"
        super().__init__("alertmanager")
        self.port = free_port()
        (self.directory / "config.yml").write_text(_CONFIG.format(url=url, key=key))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM
        arguments = [
            PROGRAM,
            f"--config.file={self.directory / 'config.yml'}",
            f"--storage.path={self.directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]
        with (self.directory / "log").open("wb") as log:
            environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.directory)}
            self._process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, env=environment)
        wait_for_port(self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def alert(self, *labels: dict[str, str], starts_at: datetime, ends_at: datetime | None = None) -> None:
        """What Prometheus sends: these alerts fire, or ended (its API, POST /api/v2/alerts)."""
        alerts = [
            {
                "labels": one,
                "annotations": {
                    "summary": f"{one['alertname']} on {one.get('instance', '')}",
                    "description": "27.4 bar",
                },
                "startsAt": starts_at.isoformat(),
                **({"endsAt": ends_at.isoformat()} if ends_at is not None else {}),
                "generatorURL": "http://127.0.0.1:9090/graph",
            }
            for one in labels
        ]
        answer = urllib3.request(
            "POST",
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            body=json.dumps(alerts),
            headers={"Content-Type": "application/json"},
            timeout=10,
            retries=urllib3.Retry(5, backoff_factor=0.2),
        )
        assert answer.status == 200, answer.data
