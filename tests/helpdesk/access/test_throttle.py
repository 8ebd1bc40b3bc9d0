"""Token buckets, counted in the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.access import throttle
from helpdesk.access.throttle import Bucket, Counted
from helpdesk.errors import TooMany
from helpdesk.now import travel

THREE_A_MINUTE = Bucket("test", 3, timedelta(minutes=1))


@pytest.fixture(autouse=True)
def _inside(house: Flask):
    with house.app_context():
        yield


def spent(*of: str) -> int:
    taken = 0
    while True:
        try:
            throttle.take(THREE_A_MINUTE, *of)
        except TooMany:
            return taken
        taken += 1


def test_the_tries_run_out_and_come_back():
    with travel():
        assert spent("ada") == 3
        with travel(seconds=21):
            assert spent("ada") == 1
        with travel(hours=5):
            assert spent("ada") == 3


def test_it_says_how_long_to_wait():
    assert spent("ada") == 3
    with pytest.raises(TooMany) as refused:
        throttle.take(THREE_A_MINUTE, "ada")
    assert 15 <= refused.value.retry_after <= 20
    assert f"{refused.value.retry_after} seconds" in refused.value.message


def test_others_are_not_counted():
    assert spent("ada") == 3
    assert spent("ben") == 3
    assert spent("ada", "ben") == 3


def test_a_clock_that_goes_back_gives_nothing_and_breaks_nothing():
    assert spent("ada") == 3
    with travel(hours=-2):
        assert spent("ada") == 0


def test_given_back_and_refilled():
    assert spent("ada") == 3
    throttle.give_back(THREE_A_MINUTE, "ada")
    assert spent("ada") == 1
    throttle.refill(THREE_A_MINUTE, "ada")
    assert spent("ada") == 3


def test_a_crowd_at_once_gets_no_more_than_there_is(house: Flask):
    def one(_: int) -> bool:
        with house.app_context():
            try:
                throttle.take(THREE_A_MINUTE, "crowd")
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == 3


class TestCountedByOneProcess:
    def test_the_tries_run_out_and_come_back_for_each(self):
        counted = Counted(THREE_A_MINUTE)
        with travel():
            assert [tried(counted, "a") for _ in range(4)] == [True, True, True, False]
            assert tried(counted, "b")
            with travel(seconds=21):
                assert [tried(counted, "a") for _ in range(2)] == [True, False]
            with travel(hours=5):
                assert [tried(counted, "a") for _ in range(4)] == [True, True, True, False]

    def test_it_says_how_long_to_wait(self):
        counted = Counted(THREE_A_MINUTE)
        for _ in range(3):
            counted.take("a")
        with pytest.raises(TooMany) as refused:
            counted.take("a")
        assert 15 <= refused.value.retry_after <= 20


def tried(counted: Counted, whom: str) -> bool:
    try:
        counted.take(whom)
    except TooMany:
        return False
    return True
