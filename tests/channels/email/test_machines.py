import tomllib
from pathlib import Path

import pytest

from channels.adapter import Bounce, Kind
from channels.email.parsing import parse

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/kinds.toml").read_text(encoding="utf-8"))["mail"]
OWN = frozenset({"support@halden.example"})
MAILS = Path(__file__).parents[2] / "cases/mail"


class TestKind:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["headers"].replace("\n", ", "))
    def test_is_told_by_headers(self, case):
        assert parse(f"{case['headers']}\n\nwords".encode(), own_addresses=OWN).kind == case["kind"]


class TestBounce:
    def test_report_names_recipient_status_and_our_message(self):
        envelope = parse((MAILS / "bounce.eml").read_bytes())
        assert envelope.kind is Kind.BOUNCE
        assert envelope.bounces == (Bounce("gone@y.example", "5.1.1", "failed", "<kept.1@halden.example>"),)

    def test_delay_is_not_a_failure(self):
        envelope = parse((MAILS / "delayed.eml").read_bytes())
        assert envelope.bounces == (Bounce("slow@y.example", "4.4.1", "delayed", "<kept.2@halden.example>"),)

    def test_of_an_old_server_is_found_by_its_words(self):
        envelope = parse((MAILS / "qmail.eml").read_bytes())
        assert envelope.kind is Kind.BOUNCE
        assert envelope.bounces == (Bounce("gone@y.example", "", "failed", "<kept.3@halden.example>"),)

    def test_without_a_sender_is_still_read(self):
        raw = (MAILS / "qmail.eml").read_bytes().replace(b"From: MAILER-DAEMON@mx.example\n", b"", 1)
        assert [one.recipient for one in parse(raw).bounces] == ["gone@y.example"]

    def test_in_a_header_of_exim(self):
        raw = (
            b"From: Mail Delivery System <Mailer-Daemon@x.example>\nX-Failed-Recipients: a@y.example, b@y.example\n\nx"
        )
        assert [one.recipient for one in parse(raw).bounces] == ["a@y.example", "b@y.example"]

    def test_receipt_is_automatic_but_no_bounce(self):
        report = b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b"
        raw = b"From: a@x.example\n" + report + b"\n\n--b\n\nx\n"
        envelope = parse(raw)
        assert (envelope.kind, envelope.bounces) == (Kind.AUTO_REPLY, ())
