"""A watched mailbox: everything once, flagged only after it is stored, back after every failure without hurry."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from channels.email.configs import MailboxConfig, Password
from channels.email.mailbox import Cursor, Fetched
from channels.email.watching import Pace, State, watch
from tests.channels.email.test_mailbox import config_of, mail, scripted
from tests.fakes.fault_proxy import FaultProxy, Plan
from tests.plugins.mail import Account

QUICK = Pace(first=0.05, most=0.4, login_gap=0.1, sign_in_gap=0.1, healthy=60, poll=60, poll_without_idle=0.1)


class Desk:
    """What the product does with mail: keeps it by key, with a cursor that is stored with it."""

    def __init__(self) -> None:
        self.kept: dict[str, Fetched] = {}
        self.taken = 0
        self.cursor = Cursor("INBOX")
        self.reports: list[tuple[State, str]] = []
        self.fail: list[Exception] = []
        self.tokens: list[bool] = []

    def accept(self, mails: list[Fetched]) -> None:
        if self.fail:
            raise self.fail.pop()
        for one in mails:
            self.taken += 1
            self.kept.setdefault(one.key("INBOX"), one)
        self.cursor = self.cursor.past(mails)

    def report(self, state: State, sentence: str) -> None:
        self.reports.append((state, sentence))

    def states(self) -> list[State]:
        return [state for state, _ in self.reports]

    def until(self, condition, seconds: float = 30) -> None:
        limit = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < limit, self.reports[-3:]
            time.sleep(0.01)


@contextmanager
def watched(config: MailboxConfig, desk: Desk, secret=None, pace: Pace = QUICK, report=None):
    stop = threading.Event()
    arguments = (config, secret or Password("secret"), lambda: desk.cursor, desk.accept, stop, report or desk.report)
    thread = threading.Thread(target=watch, args=arguments, kwargs={"pace": pace})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


class TestWatch:
    def test_takes_in_what_is_there_and_what_comes_within_a_second(self, imap_server):
        imap_server.deliver(mail(1), mail(2))
        desk = Desk()
        with watched(config_of(imap_server), desk):
            desk.until(lambda: len(desk.kept) == 2)
            time.sleep(0.2)
            began = time.monotonic()
            imap_server.deliver(mail(3))
            desk.until(lambda: len(desk.kept) == 3)
            assert time.monotonic() - began < 5
        assert desk.taken == 3
        assert desk.states() == [State.WORKING, State.OFF]

    def test_nothing_is_flagged_before_it_is_stored(self, imap_server):
        imap_server.deliver(mail(1))
        desk = Desk()
        unseen = []

        def accept(mails):
            with imap_server.client() as other:
                other.select_folder("INBOX", readonly=True)
                unseen.append(list(other.search("UNSEEN")))
            Desk.accept(desk, mails)

        desk.accept = accept
        with watched(config_of(imap_server, after="seen"), desk):
            desk.until(lambda: len(desk.kept) == 1)
            desk.until(lambda: seen(imap_server) == [1])
        assert unseen == [[1]]

    def test_a_failing_store_keeps_the_mail_on_the_server_and_tries_again(self, imap_server):
        imap_server.deliver(mail(1))
        desk = Desk()
        desk.fail = [RuntimeError("database away"), RuntimeError("database away")]
        with watched(config_of(imap_server, after="seen"), desk):
            desk.until(lambda: len(desk.kept) == 1)
            desk.until(lambda: desk.states()[-1] is State.WORKING)
        assert State.SLOWED in desk.states()
        assert not any("database away" in sentence for _, sentence in desk.reports)

    def test_a_mailbox_cut_again_and_again_loses_and_doubles_nothing(self, dovecot):
        desk = Desk()
        with FaultProxy(dovecot.server.imap_port) as proxy:
            config = config_of(dovecot, after="move", move_to="Kept")
            config = replace(config, port=proxy.port)
            dovecot.deliver(*[mail(n, b"y" * 3000) for n in range(10)])
            proxy.plan = Plan(cut_after=9_000)
            with watched(config, desk):
                desk.until(lambda: len(proxy.connections) >= 3)
                proxy.plan = Plan()
                proxy.cut()
                desk.until(lambda: len(desk.kept) == 10)
                dovecot.deliver(*[mail(n) for n in range(10, 20)])
                proxy.cut(reset=True)
                desk.until(lambda: len(desk.kept) == 20)
                desk.until(lambda: folder_count(dovecot, "Kept") == 20)
        assert folder_count(dovecot, "INBOX") == 0

    def test_comes_back_after_the_server_was_killed(self, own_dovecot):
        account = Account(own_dovecot, "agent")
        account.deliver(mail(1))
        desk = Desk()
        with watched(config_of(account), desk):
            desk.until(lambda: len(desk.kept) == 1)
            own_dovecot.stop(signal.SIGKILL)
            desk.until(lambda: desk.states()[-1] is State.SLOWED)
            own_dovecot.start()
            account.deliver(mail(2))
            desk.until(lambda: len(desk.kept) == 2)
        assert desk.taken == 2

    def test_a_server_that_ends_every_idle_meets_no_hurry(self, scripted_imap):
        scripted_imap.behaviour.idle = "eof"
        desk = Desk()
        began = time.monotonic()
        with watched(scripted(scripted_imap), desk, pace=Pace(first=0.01, most=1, login_gap=0.5, poll=5)):
            desk.until(lambda: len(scripted_imap.logins) >= 4)
        span = scripted_imap.logins[-1] - began  # the first alone may be seen late on a busy machine
        assert span >= 0.5 * (len(scripted_imap.logins) - 1)

    def test_each_failure_is_followed_by_a_longer_wait(self, scripted_imap):
        with FaultProxy(1) as gone:
            config = replace(scripted(scripted_imap), port=gone.port)
        desk, told = Desk(), []

        def report(state: State, sentence: str) -> None:
            told.append(time.monotonic())
            Desk.report(desk, state, sentence)

        with watched(config, desk, pace=Pace(first=0.1, most=0.4), report=report):
            desk.until(lambda: len(told) >= 5)
        waits = [after - before for before, after in pairwise(told)]
        assert all(wait >= least for wait, least in zip(waits, (0.08, 0.16, 0.32, 0.32), strict=False))

    def test_the_pace_in_earnest_is_one_sign_in_in_ten_seconds(self):
        assert Pace().login_gap >= 10
        assert Pace().most <= 60
        assert Pace().poll < 29 * 60

    def test_a_refused_sign_in_is_told_and_a_fresh_secret_is_asked_for(self, scripted_imap):
        scripted_imap.behaviour.password = "new"
        desk = Desk()
        asked = []

        def secret(*, fresh: bool = False) -> str:
            asked.append(fresh)
            return "new" if fresh else "old"

        with watched(scripted(scripted_imap), desk, secret):
            desk.until(lambda: State.WORKING in desk.states())
        assert desk.states()[:2] == [State.NEEDS_SIGN_IN, State.WORKING]
        assert asked == [False, True]

    @pytest.mark.parametrize("broken", ["uidvalidity", "port"])
    def test_every_failure_is_told_in_a_sentence(self, scripted_imap, broken):
        desk = Desk()
        config = scripted(scripted_imap)
        if broken == "port":
            with FaultProxy(1) as gone:
                config = replace(config, port=gone.port)
        else:
            scripted_imap.behaviour.cut_fetch_after = 3
            scripted_imap.mails = {1: mail(1)}
        with watched(config, desk):
            desk.until(lambda: desk.states().count(State.SLOWED) >= 2)
        sentence = next(sentence for state, sentence in desk.reports if state is State.SLOWED)
        assert "Next try in" in sentence


def seen(account: Account) -> list[int]:
    with account.client() as other:
        other.select_folder("INBOX", readonly=True)
        return list(other.search("SEEN"))


def folder_count(account: Account, folder: str) -> int:
    with account.client() as other:
        return int(other.folder_status(folder, ["MESSAGES"])[b"MESSAGES"]) if other.folder_exists(folder) else 0
