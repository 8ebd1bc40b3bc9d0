"""Customers who write: a real SMTP client at the product's listener, and what they find in return."""

from __future__ import annotations

import itertools
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import TypeVar

from tests.journeys.product import Product

T = TypeVar("T")

SUPPORT = "support@halden.example"
_numbers = itertools.count(1)


class Post:
    """Mails in, and the ticket each became."""

    def __init__(self, product: Product, to: str = SUPPORT) -> None:
        self.product, self.to = product, to

    def write(self, subject: str = "", text: str = "It is warm in here.", *, sender: str = "", html: str = "") -> int:
        """Send one mail and wait for its ticket; the ticket's number."""
        mail = self.mail(subject, text, sender=sender, html=html)
        self.send(mail)
        return self.ticket_of(mail)

    def mail(
        self, subject: str = "", text: str = "It is warm in here.", *, sender: str = "", html: str = ""
    ) -> EmailMessage:
        number = f"{next(_numbers)}-{time.monotonic_ns()}"
        mail = EmailMessage()
        mail["From"] = sender or f"Zoe Quill <zoe{number}@quill.example>"
        mail["To"] = self.to
        mail["Subject"] = subject or f"Story {number}"
        mail["Message-ID"] = f"<{number}@quill.example>"
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        return mail

    def send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.product.mail_port, timeout=30) as client:
            client.send_message(mail)

    def send_raw(self, raw: bytes, sender: str = "somebody@quill.example") -> None:
        with smtplib.SMTP("127.0.0.1", self.product.mail_port, timeout=30) as client:
            client.sendmail(sender, [self.to], raw)

    def ticket_of(self, mail: EmailMessage) -> int:
        asked = "SELECT ticket.number FROM message JOIN ticket ON ticket.id = ticket_id WHERE external_id LIKE %s"
        name = mail["Message-ID"].strip("<>")
        return int(str(eventually(lambda: self.product.ask(asked, f"%{name}%"))[0]))


def eventually(look: Callable[[], T], seconds: float = 30) -> T:
    """What `look` finds once it finds something."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
