"""Ten thousand chat visitors on one machine: what their streams cost, and how soon a word reaches the one it is for."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.meter import measured, median, percentile, pss, tree_seconds
from bench.running import House, running
from bench.table import Line
from channels.chat import tokens
from helpdesk.settings import settings
from helpdesk.vault import vault

STREAMS = 10_000
_WORDS = 500
_KEY = "benchchat"


def lines() -> Iterator[Line]:
    """Memory of a stream, the time of a word, and what they cost while nothing is said."""
    with tempfile.TemporaryDirectory(prefix="kept-bench-chat-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        var.chmod(0o711)
        with running(var) as house:
            channel_id = _visits(house)
            before = pss(house.pids())
            with _pages(house, var) as pages:
                opened = _opened(pages)
                time.sleep(5)
                grown = (pss(house.pids()) - before) / max(opened, 1) / 1024
                yield Line(
                    "chat, memory",
                    f"{grown:.1f} KiB a stream, {opened} open",
                    "<= 60 kB",
                    grown <= 58.6 and opened == STREAMS,
                )
                busy = tree_seconds(house.pids())
                time.sleep(10)
                busy = (tree_seconds(house.pids()) - busy) / 10
                yield Line("chat, idle", f"{100 * busy:.1f} % of a core", "a few %", busy < 0.1)
                with measured(house.postmaster) as spent:
                    late = _words(house, channel_id, pages)
            value = f"p50 {median(late):.0f} p99 {percentile(late, 0.99):.0f} ms, {len(late)} of {_WORDS} heard"
            met = len(late) == _WORDS and percentile(late, 0.99) <= 1000
            yield Line("chat, a word to one", value, "p99 <= 1,000 ms", met, others=spent.others)


def _visits(house: House) -> int:
    """A chat and its visitors, each with an open page in a moment; the chat's id."""
    with psycopg.connect(house.conninfo) as connection:
        row = connection.execute(
            "INSERT INTO channel (kind, brand_id, name, address, aliases, config, secrets, cursor, state, state_text,"
            " acknowledges, created_at, hook_key) SELECT 'chat', min(id), 'Bench', 'https://bench.example', '{}', '{}',"
            " '{}', '{}', 'new', '', false, now(), %s FROM brand RETURNING id",
            [_KEY],
        ).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO visit (channel_id, key, name, email, zone, created_at, seen_at, mailed_upto)"
            " SELECT %s, 'bench' || one, '', '', '', now(), now(), 0 FROM generate_series(1, %s) AS one",
            [row[0], STREAMS],
        )
        return int(row[0])


@contextmanager
def _pages(house: House, var: Path) -> Iterator[subprocess.Popen[str]]:
    os.environ["HELPDESK_VAR"] = str(var)
    settings.cache_clear()
    vault.cache_clear()
    known = var / "tokens"
    known.write_text("\n".join(tokens.mint(_KEY, f"bench{number}") for number in range(1, STREAMS + 1)))
    command = [sys.executable, "-m", "bench.pages_open", str(house.port), f"/chat/{_KEY}/stream", str(known)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _opened(pages: subprocess.Popen[str]) -> int:
    opened = 0
    for _ in range(180):
        time.sleep(1)
        opened = int(_ask(pages, "open")["open"])
        if opened >= STREAMS:
            break
    return opened


def _words(house: House, channel_id: int, pages: subprocess.Popen[str]) -> list[float]:
    """Milliseconds from the commit of a word to the page it is for."""
    late = []
    chance = random.Random(7)
    with psycopg.connect(house.conninfo) as connection:
        for number in chance.sample(range(1, STREAMS + 1), _WORDS):
            said = json.dumps({"to": f"visit:{channel_id}:bench{number}", "kind": "look"}, separators=(",", ":"))
            connection.execute("SELECT pg_notify('kept_live', %s)", [said])
            began = time.monotonic()
            connection.commit()
            heard = _ask(pages, f"heard {number}")["heard"]
            if heard:
                late.append(1000 * (heard - began))
    return late


def _ask(pages: subprocess.Popen[str], words: str) -> dict[str, float]:
    assert pages.stdin is not None
    assert pages.stdout is not None
    pages.stdin.write(words + "\n")
    pages.stdin.flush()
    found: dict[str, float] = json.loads(pages.stdout.readline())
    return found
