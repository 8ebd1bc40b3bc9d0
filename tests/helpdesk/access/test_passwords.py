"""Passwords people choose, and what becomes of them."""

from __future__ import annotations

import threading
import time

import pytest
from argon2 import PasswordHasher, extract_parameters

from helpdesk.access import passwords
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent


@pytest.fixture
def ben() -> Agent:
    return Agent(email="ben.osei@meridian.example", name="Ben Osei", password_hash="")


class TestSetPassword:
    @pytest.mark.parametrize(
        "weak",
        [
            *(
                "",
                "short",
                "elevenchars",
                "aaaaaaaaaaaaaaaa",
                "123456789012",
                "password1234",
                "Password2024!",
                "qwertyuiop12",
            ),
            *(
                "ben.osei@meridian.example",
                "BenOsei2024!",
                "meridian-ben-1",
                "correct horse battery staple",
                "welcome12345",
            ),
            *("abcabcabcabcabc", "administrator", "x" * 1001),
        ],
    )
    def test_refuses_what_others_try_first(self, ben: Agent, weak: str):
        with pytest.raises(Invalid) as refused:
            passwords.set_password(ben, weak)
        assert list(refused.value.fields) == ["password"]
        assert ben.password_hash == ""

    @pytest.mark.parametrize(
        "good", ["narrow river crossing", "tR4-nq!8vvZ0", "корабль плывёт мимо", "五つの小さな青い鳥が歌う朝に"]
    )
    def test_takes_words_in_a_row(self, ben: Agent, good: str):
        passwords.set_password(ben, good)
        assert passwords.verify(ben, good)
        assert not passwords.verify(ben, good + "x")

    def test_costs_what_the_settings_say(self, ben: Agent):
        passwords.set_password(ben, "narrow river crossing")
        cost = extract_parameters(ben.password_hash)
        assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (65536, 3, 4)


class TestVerify:
    def test_nobody_has_no_password(self, ben: Agent):
        assert not passwords.verify(None, "narrow river crossing")
        assert not passwords.verify(ben, "")

    def test_a_cheaper_hash_is_replaced_when_it_is_used(self, ben: Agent):
        ben.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("narrow river crossing")
        before = ben.password_hash
        assert not passwords.verify(ben, "another river")
        assert ben.password_hash == before
        assert passwords.verify(ben, "narrow river crossing")
        assert extract_parameters(ben.password_hash).memory_cost == 65536

    def test_the_same_letters_from_another_keyboard_match(self, ben: Agent):
        passwords.set_password(ben, "cre\u0301me brulée heute")
        assert passwords.verify(ben, "cr\u00e9me brul\u00e9e heute")

    def test_a_broken_hash_opens_nothing(self, ben: Agent):
        ben.password_hash = "not a hash"
        assert not passwords.verify(ben, "not a hash")

    def test_takes_as_long_for_nobody(self, ben: Agent):
        passwords.set_password(ben, "narrow river crossing")
        known, unknown = [], []
        for _ in range(9):
            for times, agent in ((known, ben), (unknown, None)):
                began = time.perf_counter()
                passwords.verify(agent, "wrong river crossing")
                times.append(time.perf_counter() - began)
        assert min(unknown) == pytest.approx(min(known), rel=0.5)

    def test_no_more_than_two_are_worked_out_at_once(self, ben: Agent, monkeypatch: pytest.MonkeyPatch):
        running, most, lock = 0, 0, threading.Lock()
        real = passwords._matches

        def counted(known: str, given: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            try:
                return real(known, given)
            finally:
                with lock:
                    running -= 1

        monkeypatch.setattr(passwords, "_matches", counted)
        threads = [threading.Thread(target=passwords.verify, args=(None, "x")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == 2
