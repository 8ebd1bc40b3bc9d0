"""A seeded stream of mail for the intake campaign, each with what must become of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from tests.faults.scene import SUPPORT

_WORDS = "pump valve cold room compressor fan leak invoice order part delivery belt noise door seal late quote".split()


@dataclass(frozen=True)
class Expected:
    """One mail. `number` is in its header X-Number; `fate` is message, duplicate or anything (either or quarantine).

    `thread` is the conversation it belongs to; mails of one thread must meet in one ticket.
    """

    number: int
    raw: bytes
    fate: str
    thread: int
    is_late: bool = False
    """It only makes sense behind the mail it copies."""


def stream(size: int, seed: int) -> list[Expected]:
    """`size` mails; answers may come before what they answer."""
    mails = list(_ordered(size, random.Random(seed)))
    shuffled = random.Random(seed + 1)
    for start in range(0, size, 12):
        window = mails[start : start + 12]
        free = [mail for mail in window if not mail.is_late]
        shuffled.shuffle(free)
        mails[start : start + 12] = free + [mail for mail in window if mail.is_late]
    return mails


def _ordered(size: int, rnd: random.Random) -> Iterator[Expected]:
    sent: list[tuple[Expected, EmailMessage]] = []
    chains: dict[int, tuple[str, list[str]]] = {}
    for number in range(size):
        kind = rnd.choices(
            ("plain", "html", "files", "reply", "again", "same id", "no id", "broken"),
            (30, 15, 12, 22, 6, 4, 5, 6),
        )[0]
        if kind in {"again", "same id"} and not sent:
            kind = "plain"
        if kind == "again":
            first, _ = rnd.choice(sent[-40:])
            yield Expected(number, _numbered(first.raw, number), "duplicate", first.thread, is_late=True)
            continue
        if kind == "broken":
            yield Expected(number, _numbered(_broken(number, rnd), number), "anything", -number)
            continue
        mail, thread = _mail(kind, number, rnd, chains)
        if kind == "same id":
            first, known = rnd.choice(sent[-40:])
            del mail["Message-ID"]
            mail["Message-ID"], thread = known["Message-ID"], first.thread
        made = Expected(number, _numbered(mail.as_bytes(), number), "message", thread, is_late=kind == "same id")
        if kind not in {"same id", "no id"}:
            sent.append((made, mail))
        yield made


def _mail(
    kind: str, number: int, rnd: random.Random, chains: dict[int, tuple[str, list[str]]]
) -> tuple[EmailMessage, int]:
    mail = EmailMessage()
    thread, author, chain = number, f"p{rnd.randrange(200)}@customer{rnd.randrange(40)}.example", []
    if kind == "reply" and chains:
        thread = rnd.choice(list(chains)[-60:])
        author, chain = chains[thread]
        mail["In-Reply-To"], mail["References"] = chain[-1], " ".join(chain)
    own = f"<{number}.{rnd.getrandbits(64):x}@customer.example>"
    mail["From"], mail["To"] = f"Person <{author}>", SUPPORT
    mail["Subject"] = f"{'Re: ' if chain else ''}{' '.join(rnd.choices(_WORDS, k=4))}"
    if kind != "no id":
        mail["Message-ID"] = own
    mail.set_content("\n".join(" ".join(rnd.choices(_WORDS, k=12)) for _ in range(rnd.randrange(1, 30))) + f"\n{own}\n")
    if kind == "html":
        mail.add_alternative(
            f"<p>{' '.join(rnd.choices(_WORDS, k=60))}</p><img src='https://x.example/{own}'>", subtype="html"
        )
    if kind == "files":
        for part in range(rnd.randrange(1, 4)):
            mail.add_attachment(
                rnd.randbytes(rnd.randrange(10, 60_000)), "application", "octet-stream", filename=f"plan {part}.bin"
            )
    if kind in {"plain", "html", "files", "reply"}:
        chains[thread] = (author, [*chain, own])
    return mail, thread


def _numbered(raw: bytes, number: int) -> bytes:
    """What travels differs even for a duplicate, as relays add lines of their own; what is said does not."""
    return b"X-Number: %d\r\n" % number + raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _broken(number: int, rnd: random.Random) -> bytes:
    head = b"From: q%d@broken.example\nTo: support@halden.example\nSubject: b\nMessage-ID: <b%d@x>\n" % (number, number)
    return rnd.choice((
        b"hello without any header %d\n" % number,
        head + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n",
        head + b"Content-Transfer-Encoding: base64\n\n!!!!====%d\n" % number,
        head + b"Content-Type: text/plain; charset=x-none\n\n\xff\xfe%d\n" % number,
        head.replace(b"From: q", b"From: a@x.example, q") + b"\ntwo authors\n",
        b"Subject: nobody wrote this %d\n\nx\n" % number,
        head + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 3_000,
    ))  # fmt: skip
