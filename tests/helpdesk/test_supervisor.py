"""The supervisor: restarts what dies, says in one sentence what is wrong, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpdesk import database, supervisor
from helpdesk.database.process import is_alive
from helpdesk.settings import Settings

ROOT = Path(__file__).parents[2]

KEEPER = """
import sys, time
from helpdesk import keeping
from helpdesk.processes import Program

def forked():
    print("forked is up", flush=True)
    time.sleep(600)

keeping.FIRST_PAUSE = keeping.LONGEST_PAUSE = 0.2
sleeper = "import os, sys, time; print('up', os.getpid(), flush=True); time.sleep(600)"
stubborn = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n"
    "lost = 'import os, time; print(\\"lost\\", os.getpid(), flush=True); time.sleep(600)'\\n"
    "subprocess.Popen([sys.executable, '-c', lost], start_new_session=True)\\n"
    "print('up', os.getpid(), flush=True); time.sleep(600)"
)
keeping.Keeper(
    [
        Program("sleeper", (sys.executable, "-c", sleeper)),
        Program("stubborn", (sys.executable, "-c", stubborn)),
        Program("forked", ("forked",), entry=forked),
    ],
    say=lambda name, line: print(name, line, flush=True),
    grace=0.5,
).keep()
print("all stopped", flush=True)
"""


class Running:
    """A process whose output is read line by line, remembering the pids it names."""

    def __init__(self, *command: str, folder: Path = ROOT, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
        )
        self.said: list[str] = []
        self.address = f"http://127.0.0.1:{environment.get('HELPDESK_PORT')}"

    def until(self, pattern: str, seconds: float = 120) -> re.Match[str]:
        assert self.process.stdout is not None
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.said.append(line)
                if found := re.search(pattern, line):
                    return found
        finally:
            watchdog.cancel()
        raise AssertionError(f"{pattern!r} was never said: {''.join(self.said)}")

    def sometime(self, pattern: str) -> re.Match[str]:
        """Said before, or still to come."""
        return next((found for line in self.said if (found := re.search(pattern, line))), None) or self.until(pattern)

    def rest(self) -> str:
        return self.process.communicate(timeout=120)[0]


def eventually(is_so: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


@pytest.fixture
def keeper() -> Iterator[Running]:
    running = Running("-c", KEEPER)
    yield running
    running.process.terminate()
    running.process.communicate(timeout=120)


@pytest.mark.fault
class TestKeeper:
    def pids(self, keeper: Running) -> dict[str, int]:
        found: dict[str, int] = {}
        while {"sleeper", "stubborn", "lost", "forked"} - found.keys():
            said = keeper.until(r"(sleeper|stubborn) (up|lost) (\d+)|(forked) is up")
            name = said[4] or ("lost" if said[2] == "lost" else said[1])
            found[name] = int(said[3] or 0)
        return found

    def test_what_is_killed_or_exits_starts_again(self, keeper: Running) -> None:
        first = self.pids(keeper)["sleeper"]
        os.kill(first, signal.SIGKILL)
        keeper.until("sleeper was killed by signal 9; it starts again")
        second = int(keeper.until(r"sleeper up (\d+)")[1])
        assert second != first
        os.kill(second, signal.SIGTERM)
        keeper.until(r"sleeper up (\d+)")

    @pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_stop_leaves_no_process_not_even_one_that_hid(self, keeper: Running, request_: signal.Signals) -> None:
        pids = self.pids(keeper)
        began = time.monotonic()
        keeper.process.send_signal(request_)
        assert "all stopped" in keeper.rest()
        assert keeper.process.returncode == 0
        assert 0.4 < time.monotonic() - began < 20
        assert [name for name, pid in pids.items() if pid and is_alive(pid)] == []

    def test_programs_die_when_the_supervisor_is_killed(self, keeper: Running) -> None:
        pids = self.pids(keeper)
        keeper.process.kill()
        for name in ("sleeper", "stubborn"):
            assert eventually(lambda pid=pids[name]: not is_alive(pid))  # type: ignore[misc]
        os.kill(pids["lost"], signal.SIGKILL)  # it asked for a life of its own


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kept-sv-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


class TestWhatIsWrong:
    def sentence(self, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "helpdesk.supervisor"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | {"DATABASE_URL": "", "HELPDESK_PORT": "0", "HELPDESK_MAIL_PORT": "0"} | environment,
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        return done.stderr

    @pytest.mark.parametrize("setting", ["HELPDESK_PORT", "HELPDESK_MAIL_PORT"])
    def test_a_port_in_use(self, setting: str, var: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            said = self.sentence(**{setting: port, "HELPDESK_VAR": str(var)})
        assert f"127.0.0.1:{port} cannot be used (Address already in use)" in said
        assert setting in said
        assert not var.exists()

    def test_a_broken_var(self, var: Path) -> None:
        var.write_text("")
        assert "is a file where a folder is needed" in self.sentence(HELPDESK_VAR=str(var))

    def test_a_setting_that_is_no_number(self) -> None:
        assert "HELPDESK_PORT is not usable" in self.sentence(HELPDESK_PORT="eight thousand")

    def test_a_database_that_does_not_answer(self) -> None:
        assert "does not answer" in self.sentence(DATABASE_URL="postgresql://127.0.0.1:1/kept")

    def test_a_database_of_another_kind(self) -> None:
        assert "DATABASE_URL must look like" in self.sentence(DATABASE_URL="mysql://127.0.0.1/kept")


STAND_IN = """
import os, time
from types import SimpleNamespace

import click
from flask import Flask

from helpdesk import database, migrating
from helpdesk.settings import settings


def create_app():
    app = Flask("stand-in")
    app.extensions["live"] = SimpleNamespace(is_alive=lambda: True, start=lambda: None)
    app.get("/healthz")(lambda: str(os.getpid()))

    @app.cli.command("migrate")
    def migrate():
        migrating.upgrade(database.connection_url(settings()))

    @app.cli.command("worker")
    @click.option("--schedule", is_flag=True)
    def run(schedule):
        assert schedule
        print("at work as", os.getpid(), flush=True)
        time.sleep(600)

    return app
"""


@pytest.fixture
def product(var: Path, tmp_path: Path) -> Iterator[Running]:
    """The supervisor with its real database, web server and steps around an application of a few lines."""
    (tmp_path / "wsgi.py").write_text(STAND_IN)
    running = Running(
        "-m",
        "helpdesk.supervisor",
        PYTHONPATH=f"{tmp_path}:{ROOT}",
        DATABASE_URL="",
        HELPDESK_VAR=str(var),
        HELPDESK_PORT=str(free_port()),
        HELPDESK_MAIL_PORT="0",
        HELPDESK_DEMO="0",
        folder=tmp_path,
    )
    yield running
    running.process.terminate()
    running.process.communicate(timeout=120)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def server_of(product: Running) -> int:
    """The pid of the web worker that answers."""
    with urllib.request.urlopen(f"{product.address}/healthz", timeout=30) as answer:
        return int(answer.read())


@contextlib.contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """The process takes no step, as beside a machine that is busy elsewhere."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def family(pid: int) -> set[int]:
    """`pid` and everything below it; what ends while one looks has nothing below."""
    below: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            below.update(int(child) for child in task.read_text().split())
    return {pid}.union(*(family(child) for child in below))


@pytest.mark.fault
class TestTheWholeProduct:
    def test_starts_survives_kills_and_leaves_nothing(self, product: Running, var: Path) -> None:
        product.until("Kept is running")
        product.until("Ctrl-C")
        everything = family(product.process.pid)
        postmaster = int((var / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        assert postmaster in everything
        worker = int(product.sometime(r"worker: at work as (\d+)")[1])
        os.kill(worker, signal.SIGKILL)
        product.until("worker was killed by signal 9")
        product.until(r"worker: at work as \d+")
        web = server_of(product)
        os.kill(web, signal.SIGKILL)
        product.until("web was killed by signal 9")  # the other one goes on
        other = server_of(product)
        assert other != web
        with standing_still(other):  # who of two wakes first is the system's choice, so only the new one can
            assert server_of(product) not in {web, other}
        os.kill(postmaster, signal.SIGKILL)
        product.until("the database is gone")
        assert eventually((var / "postgres" / "data" / "postmaster.pid").exists)
        everything |= family(product.process.pid)
        product.process.send_signal(signal.SIGINT)
        product.rest()
        assert product.process.returncode == 0
        assert [pid for pid in everything if is_alive(pid)] == []

    def test_killed_itself_it_leaves_only_the_database_which_the_next_start_adopts(
        self, product: Running, var: Path
    ) -> None:
        product.until("Ctrl-C")
        everything = family(product.process.pid)
        product.process.kill()
        with database.start(var) as server:
            postgres = family(server.pid or 0)
            assert eventually(lambda: [pid for pid in everything - postgres if is_alive(pid)] == [])
        assert server.pid is None


class TestExampleMail:
    def test_is_a_command_that_sends_a_mail_to_the_demo(self) -> None:
        command = supervisor.example_mail(Settings(mail_port=2525))
        program = command.removeprefix('python3 -c "').removesuffix('"')
        compile(program, "example", "exec")
        assert "2525" in program


class TestIsNew:
    def test_a_database_without_tables_is_new(self, empty_database_url: str) -> None:
        assert supervisor.is_new(empty_database_url)


class TestWatch:
    @pytest.mark.fault
    def test_brings_a_killed_database_back(self, var: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with database.start(var, fsync=False) as server:
            watch = supervisor.Watch(server, announce=lambda: None, host="127.0.0.1", port=1)
            first = server.pid
            assert watch.spared() == {first}
            os.kill(first or 0, signal.SIGKILL)
            assert eventually(lambda: not server.is_running())
            watch()
            assert server.is_running()
            assert server.pid != first
        assert "the database is gone" in capsys.readouterr().out


def test_many_browsers_may_knock_at_once() -> None:
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(supervisor.listening("127.0.0.1", 0, "HELPDESK_PORT"))
        for _ in range(100):  # nobody accepts; one the system drops would wait a second for its next try
            stack.enter_context(socket.create_connection(web.getsockname(), timeout=0.9))
