"""The intake campaign (K1): mail keeps coming into a real mailbox while parts of the product are killed."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imapclient import IMAPClient

from tests.fakes.dovecot import Dovecot
from tests.faults import findings
from tests.faults.mails import Expected, stream
from tests.faults.rig import Killer, Product, until
from tests.faults.scene import Scene
from tests.faults.witness import Witness

_FOLDER = "INBOX"
_AT_ONCE = 10


@dataclass
class Findings(findings.Findings):
    """Of so many mails."""

    fates: Counter[str] = field(default_factory=Counter)
    drained: float = 0
    """Seconds from the end of the killing until everything was filed."""
    flagged: int = 0
    left_unread: int = 0

    def told(self) -> str:
        return (
            f"{self.size} mails, drained in {self.drained:.1f} s, {dict(self.fates)}, {self.flagged} flags, "
            f"{self.left_unread} left unread"
        )


def run(size: int, seed: int, *, every: float = 4, rate: float = 40, patience: float = 300) -> Findings:
    """Append `size` mails at `rate` a second, killing something every `every` seconds, and judge the end."""
    mails = stream(size, seed)
    found = Findings(seed, size)
    with (
        Dovecot() as server,
        Witness(server.imap_port, lambda uids: uids) as witness,
        Product(Scene(imap=witness.port)) as product,
    ):
        witness.watch(lambda uids: _without_row(product, uids))
        began = time.monotonic()
        with Killer(product, seed=seed, every=every):
            _append(server, mails, rate)
            until(lambda: _taken_in(product) >= size * 0.9, patience, "most mails to be taken in")
        found.drained = until(lambda: _is_done(product, size), patience, "the rest to be filed")
        found.ended(product, time.monotonic() - began)
        time.sleep(1)
        found.flagged = witness.flagged
        found.violations += [f"uid {uid} was flagged before its row was there" for uid in witness.violations]
        _judge(product, server, mails, found)
    return found


def _append(server: Dovecot, mails: list[Expected], rate: float) -> None:
    with server.client() as client:
        began = time.monotonic()
        for start in range(0, len(mails), _AT_ONCE):
            client.multiappend(_FOLDER, [mail.raw for mail in mails[start : start + _AT_ONCE]])
            time.sleep(max(0.0, began + (start + _AT_ONCE) / rate - time.monotonic()))


def _without_row(product: Product, uids: list[int]) -> list[int]:
    stored = product.rows("SELECT split_part(external_id, ':', 3)::bigint FROM inbound")
    return sorted(set(uids) - {uid for (uid,) in stored})


def _taken_in(product: Product) -> int:
    time.sleep(0.2)
    return int(product.value("SELECT count(*) FROM inbound"))


def _is_done(product: Product, size: int) -> bool:
    waiting = product.value("SELECT count(*) FROM inbound WHERE state = 'waiting'")
    return waiting == 0 and _taken_in(product) >= size


def _judge(product: Product, server: Dovecot, mails: list[Expected], found: Findings) -> None:
    held = _on_server(server)
    say = found.violations.append
    rows = product.rows("SELECT external_id, sha256, state, message_id, ticket_id FROM inbound")
    by_uid = {int(row[0].rpartition(":")[2]): row for row in rows}
    found.fates = Counter(row[2] for row in rows)
    if len(rows) != len(held) or by_uid.keys() != held.keys():
        say(f"{len(held)} mails on the server, {len(rows)} rows here")
    numbers: dict[int, Any] = {}
    for uid, (raw, seen) in held.items():
        number = re.search(rb"^X-Number: (\d+)", raw)
        row = by_uid.get(uid)
        if row is None or number is None:
            continue
        numbers[int(number[1])] = row
        if row[1] != hashlib.sha256(raw).hexdigest():
            say(f"mail {int(number[1])} is stored with other bytes")
        found.left_unread += not seen
    if len(numbers) != len(mails):
        say(f"{len(mails)} mails were sent, {len(numbers)} have a row")
    _judge_fates(mails, numbers, say)
    _judge_threads(mails, numbers, say)
    _judge_database(product, say)


def _on_server(server: Dovecot) -> dict[int, tuple[bytes, bool]]:
    with server.client() as client:
        client.select_folder(_FOLDER, readonly=True)
        return {uid: (raw, b"\\Seen" in flags) for uid, raw, flags in _bodies(client)}


def _bodies(client: IMAPClient) -> list[tuple[int, bytes, tuple[bytes, ...]]]:
    uids = client.search("ALL")
    bodies: list[tuple[int, bytes, tuple[bytes, ...]]] = []
    for start in range(0, len(uids), 200):
        found = client.fetch(uids[start : start + 200], ["BODY.PEEK[]", "FLAGS"])
        bodies += [(uid, items[b"BODY[]"], items[b"FLAGS"]) for uid, items in found.items()]
    return bodies


def _judge_fates(mails: list[Expected], numbers: dict[int, Any], say: Any) -> None:
    for mail in mails:
        state = numbers[mail.number][2] if mail.number in numbers else "missing"
        wanted = {"message": {"done"}, "duplicate": {"duplicate"}, "anything": {"done", "quarantined"}}[mail.fate]
        if state not in wanted:
            say(f"mail {mail.number} ({mail.fate}) is {state}")
    made = Counter(row[3] for row in numbers.values() if row[2] == "done")
    for message, times in made.items():
        if message is None or times > 1:
            say(f"message {message} was made by {times} mails")


def _judge_threads(mails: list[Expected], numbers: dict[int, Any], say: Any) -> None:
    tickets: dict[int, set[int]] = {}
    threads: dict[int, set[int]] = {}
    for mail in mails:
        row = numbers.get(mail.number)
        if row is not None and mail.fate != "anything" and row[4] is not None:
            tickets.setdefault(mail.thread, set()).add(row[4])
            threads.setdefault(row[4], set()).add(mail.thread)
    for thread, of in tickets.items():
        if len(of) > 1:
            say(f"thread {thread} is in tickets {sorted(of)}")
    for ticket, of in threads.items():
        if len(of) > 1:
            say(f"ticket {ticket} holds threads {sorted(of)}")


def _judge_database(product: Product, say: Any) -> None:
    """What must hold of the rows alone."""
    for what, query in _NONE.items():
        count = product.value(f"SELECT count(*) {query}")
        if count:
            say(f"{count} {what}")
    blobs = product.var / "blobs"
    for digest, size in product.rows("SELECT DISTINCT sha256, size FROM attachment"):
        path: Path = blobs / digest[:2] / digest
        content = path.read_bytes() if path.exists() else b""
        if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
            say(f"the bytes of attachment {digest[:12]} are not there")


_NONE = {
    "tickets without a message": "FROM ticket t WHERE NOT EXISTS (SELECT FROM message m WHERE m.ticket_id = t.id)",
    "tickets that count wrong": "FROM ticket t WHERE message_count <> "
    "(SELECT count(*) FROM message m WHERE m.ticket_id = t.id)",
    "messages with no mail": "FROM message m WHERE direction = 'in' AND NOT EXISTS "
    "(SELECT FROM inbound i WHERE i.message_id = m.id AND i.state = 'done')",
    "mails still waiting": "FROM inbound WHERE state = 'waiting'",
    "quarantined mails without a reason": "FROM inbound WHERE state = 'quarantined' AND reason = ''",
    "mails quarantined for a fault of ours": "FROM inbound WHERE reason LIKE 'It could not be filed%%'",
}
