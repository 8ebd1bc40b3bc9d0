"""The whole product as `make run` starts it: start-up, memory, live updates to a thousand browsers, a page's weight."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from playwright.sync_api import Page, Response, sync_playwright

from bench.meter import descendants, measured, median, percentile, pss, tree_seconds
from bench.seeding import sign_in
from bench.table import Line
from helpdesk import database

CLIENTS = 1000
_EVENTS = 40


@dataclass(frozen=True)
class House:
    """A running product: its supervisor, its port, its database and how long it took to answer."""

    process: subprocess.Popen[bytes]
    port: int
    var: Path
    seconds: float

    @property
    def conninfo(self) -> str:
        return database.conninfo((self.var / "database.url").read_text().strip())

    @property
    def postmaster(self) -> int:
        return int((self.var / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def pids(self) -> set[int]:
        """Everything but the database."""
        return descendants(self.process.pid) - descendants(self.postmaster)


def lines() -> Iterator[Line]:
    """Rows 10 to 12 and the start-up times."""
    with tempfile.TemporaryDirectory(prefix="kept-bench-run-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        var.chmod(0o711)
        with running(var) as cold:
            yield Line("start, cold", f"{cold.seconds:.1f} s", "seconds: database made, demo told", None)
        with running(var) as house:
            yield Line("start, warm", f"{house.seconds:.1f} s", "seconds", None)
            with psycopg.connect(house.conninfo) as connection:
                token = sign_in(connection)
            yield from weight(house, token)
            _load(house, token)
            yield memory(house)
            yield from live(house, token)


@contextmanager
def running(var: Path) -> Iterator[House]:
    """`python -m helpdesk.supervisor` until the block ends; its byte code lies in `var`, as an installation has it."""
    port, mail = _free(), _free()
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPYCACHEPREFIX": str(var / "code"),
        "HELPDESK_VAR": str(var), "HELPDESK_PORT": str(port), "HELPDESK_MAIL_PORT": str(mail), "HELPDESK_DEMO": "1",
        "HELPDESK_BASE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "helpdesk.supervisor"], env=env, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz", process)
        yield House(process, port, var, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def memory(house: House) -> Line:
    """PSS of the whole tree after some load."""
    time.sleep(3)
    pids = house.pids()
    whole = pss(pids) / 2**20
    each = ", ".join(f"{_name(pid)} {pss({pid}) / 2**20:.0f}" for pid in sorted(pids))
    return Line("12 memory", f"{whole:.0f} MB in {len(pids)} processes ({each})", "<= 150 MB", whole <= 150)


def live(house: House, token: str) -> Iterator[Line]:
    """Commits, and when each of a thousand browsers hears of them."""
    before = pss(house.pids())
    with listeners(house.port, token) as ask:
        opened = _wait_open(ask)
        grown = (pss(house.pids()) - before) / max(opened, 1) / 1024
        with measured(house.postmaster) as spent:
            idle = tree_seconds(house.pids())
            time.sleep(8)
            idle = (tree_seconds(house.pids()) - idle) / 8
            late = _commits(house, ask)
    most = percentile(late, 0.95) if late else float("inf")
    value = f"p50 {median(late):.0f} p95 {most:.0f} ms, {opened} open, {len(late)} of {opened * _EVENTS} heard"
    met = most <= 100 and len(late) == opened * _EVENTS == CLIENTS * _EVENTS
    yield Line("10 live, 1,000 clients", value, "p95 <= 100 ms", met, others=spent.others)
    yield Line("10 live, memory", f"{grown:.0f} KiB a client", "<= 25 KiB", grown <= 25)
    yield Line("10 live, idle", f"{100 * idle:.1f} % of a core", "about 0 %", idle < 0.03)


@contextmanager
def listeners(port: int, token: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.listener", "127.0.0.1", str(port), token, str(CLIENTS)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def weight(house: House, token: str) -> Iterator[Line]:
    """What a browser fetches for the inbox, first and again."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )
        context = browser.new_context()
        context.add_cookies([{"name": "kept", "value": token, "url": f"http://127.0.0.1:{house.port}"}])
        page = context.new_page()
        cold, warm = (_visit(page, f"http://127.0.0.1:{house.port}/inbox/next-up") for _ in range(2))
        browser.close()
    sizes = {kind: sum(size for found, size in cold if found == kind) for kind in dict(cold)}
    plain = sum(size for kind, size in cold if kind != "font")
    words = ", ".join(f"{kind} {size / 1000:.1f}" for kind, size in sorted(sizes.items()))
    within = sizes["document"] <= 12_000 and sizes["stylesheet"] <= 16_000 and sizes["script"] <= 40_000
    requests = sum(kind != "font" for kind, _ in cold)
    yield Line(
        "11 weight, cold",
        f"{requests} requests + {len(cold) - requests} fonts, {plain / 1000:.1f} kB without fonts ({words})",
        "<= 6 requests, <= 80 kB; HTML 12, CSS 16, JS 40",
        requests <= 6 and plain <= 80_000 and within,
    )
    again = sum(size for _, size in warm)
    yield Line(
        "11 weight, warm",
        f"{len(warm)} requests, {again / 1000:.1f} kB",
        "1 request, <= 15 kB",
        len(warm) == 1 and again <= 15_000,
    )


def _visit(page: Page, address: str) -> list[tuple[str, int]]:
    """Kind and bytes of what came over the wire; what the browser kept is not among it."""
    seen: list[Response] = []

    def note(response: Response) -> None:
        seen.append(response)

    page.on("response", note)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    page.remove_listener("response", note)
    return [
        (one.request.resource_type, one.request.sizes()["responseBodySize"])
        for one in seen
        if one.request.resource_type != "eventsource" and not _kept(one)
    ]


def _kept(response: Response) -> bool:
    """Chromium says none, or less than none, of what it had."""
    return response.request.sizes()["responseBodySize"] <= 0 and response.status == 200


def _load(house: House, token: str) -> None:
    """Some pages, so that memory is that of a product in use."""
    for place in range(120):
        address = "/inbox/next-up" if place % 2 else "/inbox/mine"
        request = urllib.request.Request(f"http://127.0.0.1:{house.port}{address}", headers={"Cookie": f"kept={token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def _commits(house: House, ask: subprocess.Popen[str]) -> list[float]:
    late: list[float] = []
    with psycopg.connect(house.conninfo) as connection:
        for number in range(10_000_001, 10_000_001 + _EVENTS):
            change = {"event": number, "id": number, "kind": "message.received", "ticket": 1001}
            connection.execute("UPDATE heartbeat SET at = now() WHERE name = 'none'")
            connection.execute("SELECT pg_notify('kept_live', %s)", [json.dumps(change)])
            began = time.monotonic()
            connection.commit()
            time.sleep(0.3)
            late += [1000 * (at - began) for at in _answer(ask, number)["heard"]]
    return late


def _wait_open(ask: subprocess.Popen[str]) -> int:
    opened = 0
    for _ in range(60):
        time.sleep(1)
        opened = int(_answer(ask, 0)["open"])
        if opened >= CLIENTS:
            break
    return opened


def _answer(ask: subprocess.Popen[str], number: int) -> dict[str, list[float]]:
    assert ask.stdin is not None
    assert ask.stdout is not None
    ask.stdin.write(f"{number}\n")
    ask.stdin.flush()
    found: dict[str, list[float]] = json.loads(ask.stdout.readline())
    return found


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError("the product did not start")
        with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(address, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the product does not answer")


def _name(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return "parser" if "parser_process" in words else f"{pid}"
    return str(pid)


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
