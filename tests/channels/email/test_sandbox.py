import os
import signal
import time
from pathlib import Path

import pytest

from channels.adapter import Envelope, Quarantine
from channels.email.parsing import parse
from channels.email.sandbox import Sandbox
from tests.channels.email.mails import PLAIN, bombs, multipart

BOMBS = bombs()
REFUSED = {
    "multiparts 1,000 deep", "multiparts 100,000 deep", "subject of 400 kB", "20,000 parameters",
    "100,000 recipients", "2,000 recipients", "100,000 references", "1,000,000 header lines", "100,000 siblings",
    "1,000,000 header lines in a part", "one endless header in a part", "more than 50 MB", "50 MB of line ends",
    "bare CR, 20 MB",
}  # fmt: skip


TOO_LONG = "Reading the message took longer than 14 seconds."


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox()
    yield made
    made.close()


class TestSandbox:
    def test_gives_what_the_parser_gives(self, sandbox):
        raw = multipart("Content-Type: text/plain\n\nhé", "Content-Type: image/png; name=a.png\n\n\x01\x02")
        assert sandbox.parse(raw) == parse(raw)

    def test_gives_bounces_too(self, sandbox):
        raw = (Path(__file__).parents[2] / "cases/mail/bounce.eml").read_bytes()
        assert sandbox.parse(raw) == parse(raw)

    @pytest.mark.parametrize("name", BOMBS)
    def test_survives_the_bomb(self, sandbox, name):
        raw = BOMBS[name]()
        start = time.monotonic()
        (result,) = sandbox.parse_many([raw])
        assert time.monotonic() - start < 15
        refused = isinstance(result, Quarantine)
        assert refused is (name in REFUSED) or (refused and result.reason == TOO_LONG), "a slow machine may give up"
        assert not refused or result.reason.endswith(".")
        start = time.monotonic()
        assert sandbox.parse(PLAIN).text == "hello"
        assert time.monotonic() - start < 5

    def test_reads_the_others_when_one_is_refused(self, sandbox):
        results = sandbox.parse_many([PLAIN, BOMBS["100,000 siblings"](), PLAIN])
        assert [isinstance(result, Envelope) for result in results] == [True, False, True]

    def test_takes_nothing(self, sandbox):
        assert sandbox.parse_many([]) == []

    def test_tries_again_when_something_else_killed_the_child(self, sandbox):
        sandbox.parse(PLAIN)
        os.kill(sandbox.pid, signal.SIGKILL)
        assert sandbox.parse(PLAIN).text == "hello"

    def test_stops_waiting_for_a_child_that_hangs(self):
        sandbox = Sandbox(wall_seconds=4)  # starting a child is part of them
        try:
            sandbox.parse(PLAIN)
            os.kill(sandbox.pid, signal.SIGSTOP)
            with pytest.raises(Quarantine, match="longer than 4 seconds"):
                sandbox.parse(PLAIN)
            assert sandbox.parse(PLAIN).text == "hello"
        finally:
            sandbox.close()

    def test_ends_an_idle_child_and_starts_another(self):
        sandbox = Sandbox(idle_seconds=2)
        try:
            for _ in range(3):  # in use, it stays
                sandbox.parse(PLAIN)
                first = sandbox.pid
                assert first is not None
                time.sleep(0.8)
                assert sandbox.pid == first
            end = time.monotonic() + 20
            while sandbox.pid is not None and time.monotonic() < end:
                time.sleep(0.02)
            assert not Path(f"/proc/{first}").exists()
            assert sandbox.parse(PLAIN).text == "hello"
            assert sandbox.pid != first
        finally:
            sandbox.close()

    def test_child_is_small_bounded_and_knows_no_secrets(self, sandbox, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
        monkeypatch.setenv("HELPDESK_SECRET_KEYS", "secret")
        sandbox.close()
        sandbox.parse(PLAIN)
        home = Path(f"/proc/{sandbox.pid}")
        assert b"secret" not in (home / "environ").read_bytes()
        limits = (home / "limits").read_text()
        assert f"{512 * 2**20}" in next(line for line in limits.splitlines() if line.startswith("Max address space"))
        pss = next(line for line in (home / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
        assert int(pss.split()[1]) <= 30 * 1024

    def test_child_ends_with_its_parent(self):
        sandbox = Sandbox()
        sandbox.parse(PLAIN)
        child = sandbox._child.process
        child.stdin.close()
        assert child.wait(timeout=20) == 0
        sandbox._drop()
