"""Web workers without a master: one whose loop stands still is ended by the system."""

from __future__ import annotations

import os
import signal
import socket
import time
from types import SimpleNamespace

import pytest
from flask import Flask

from helpdesk import processes, server, serving
from helpdesk.processes import Program


def stand_still() -> None:
    worker = object.__new__(serving.Watched)
    worker.cfg = SimpleNamespace(timeout=1)
    worker.notify()
    time.sleep(0.6)
    worker.notify()
    time.sleep(60)


@pytest.mark.fault
def test_a_worker_whose_loop_stands_still_is_ended() -> None:
    began = time.monotonic()
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
        pid = processes.spawn(Program("stuck", ("stuck",), entry=stand_still), nowhere.fileno())
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGALRM
    assert 1.4 < time.monotonic() - began < 30


def test_as_many_workers_run_as_the_settings_ask_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor = listening.fileno()
        found = serving.programs(Flask("few"), descriptor)
    assert [(program.name, program.keep) for program in found] == [("web", (descriptor,))] * server.workers
