"""A thousand mails of ten megabytes: 45 % plain, 18 % with HTML, 5 % with a file of 100 kB, 32 % replies."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

WORDS = (
    "the cold room pump fails again since this morning and nobody answers on the phone please send somebody "
    "pressure valve temperature alarm invoice order delivery part number manual technician visit contract warranty "
    "display shows error code restart helped yesterday but now it stopped completely we need it before tomorrow"
).split()
_FIRST = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
TO = "support@bench.example"


def mails(count: int = 1000, *, seed: int = 1, domain: str = "customer.example") -> list[bytes]:
    """`count` raw mails; the same seed gives the same ones. `domain` keeps two sets apart."""
    chance = random.Random(seed)
    sent: list[tuple[str, str, str]] = []
    return [_mail(chance, place, sent, domain) for place in range(count)]


def _mail(chance: random.Random, place: int, sent: list[tuple[str, str, str]], domain: str) -> bytes:
    kind = chance.random()
    mail = EmailMessage()
    number = f"<{chance.getrandbits(64):x}.{place}@{domain}>"
    mail["Message-ID"] = number
    mail["To"] = f"Support <{TO}>"
    mail["Date"] = format_datetime(_FIRST + timedelta(minutes=place))
    mail["Received"] = f"from mx.{domain} by in.bench.example with ESMTPS id {place:x}"
    body = _text(chance, chance.randint(60, 400))
    if kind < 0.32 and sent:
        parent, author, subject = chance.choice(sent[-300:])
        mail["From"], mail["Subject"] = author, f"Re: {subject}"
        mail["In-Reply-To"] = mail["References"] = parent
        quoted = "\n".join(f"> {line}" for line in _text(chance, 200).splitlines())
        mail.set_content(f"{body}\n\nOn Thu, 1 Oct 2026 at 10:00, Support wrote:\n{quoted}\n")
        if chance.random() < 0.5:
            mail.add_alternative(_html(chance, body), subtype="html")
        return mail.as_bytes()
    person = chance.randrange(400)
    author, subject = f"Person {person} <person{person}@{domain}>", _text(chance, 6).replace("\n", " ")
    mail["From"], mail["Subject"] = author, subject
    sent.append((number, author, subject))
    mail.set_content(body)
    if 0.77 <= kind < 0.95:
        mail.add_alternative(_html(chance, body), subtype="html")
    elif kind >= 0.95:
        mail.add_attachment(chance.randbytes(100_000), maintype="application", subtype="pdf", filename=f"{place}.pdf")
    return mail.as_bytes()


def _text(chance: random.Random, words: int) -> str:
    said = chance.choices(WORDS, k=words)
    return "\n".join(" ".join(said[at : at + 12]) for at in range(0, words, 12))


def _html(chance: random.Random, body: str) -> str:
    paragraphs = "".join(f'<p style="margin:0 0 12px">{line} <b>{line[:12]}</b></p>' for line in body.splitlines())
    rows = "".join(
        f'<tr><td class="c{n}" style="padding:4px;color:#333"><a href="https://shop.example/{n}">{_text(chance, 6)}</a>'
        f'</td><td><img src="https://cdn.example/{n}.png" width="20"></td></tr>'
        for n in range(20)
    )
    return f"<html><head><style>p{{color:red}}</style></head><body>{paragraphs}<table>{rows}</table></body></html>"
