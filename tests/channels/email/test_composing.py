from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.adapter import Outbound, Part, Party, Permanent, Recipient
from channels.email.composing import compose
from channels.email.parsing import parse

LOOP = "support@halden.example"
REPLY = Outbound(
    external_id="<kept.1@halden.example>",
    sender=Party("support@halden.example", "Halden, Service"),
    recipients=(Recipient("rene@x.example", "René Müller"), Recipient("b@x.example", role="cc")),
    subject="Re: Pumpe läuft nicht – Störung 東京",
    text="Guten Tag,\n\nso geht es.\n\nFrom here on\n.\n",
    html='<p>so geht es <img src="cid:i1@kept"></p>',
    reply_to=Party("support+token@halden.example", "Halden"),
    in_reply_to="<b@x.example>",
    references=("<a@x.example>", "<b@x.example>"),
    attachments=(
        Part("Übersicht " * 12 + ".pdf", "application/pdf", b"%PDF" * 999),
        Part("logo.png", "image/png", b"\x89PNG\x00\xff", inline=True, cid="i1@kept"),
    ),
    date=datetime(2026, 10, 15, 14, 42, tzinfo=UTC),
)
PIECES = [*'ab \r\n\x00\x85\u2028:<>@,;"\\=?_é', "=?utf-8?q?a=0ABcc:_e=40x?=", "\nBcc: e@x"]
EVIL = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


class TestCompose:
    def test_comes_back_as_it_was_written(self):
        seen = parse(compose(REPLY, loop_id=LOOP))
        assert seen.message_id == REPLY.external_id
        assert seen.author == REPLY.sender
        assert seen.to == (Party("rene@x.example", "René Müller"),)
        assert seen.cc == (Party("b@x.example"),)
        assert seen.reply_to == (REPLY.reply_to,)
        assert seen.subject == REPLY.subject
        assert seen.text == REPLY.text.strip()
        assert seen.html.strip() == REPLY.html
        assert seen.date == REPLY.date
        assert (seen.in_reply_to, seen.references) == (REPLY.in_reply_to, REPLY.references)
        assert {(part.content, part.inline, part.cid) for part in seen.attachments} == {
            (part.content, part.inline, part.cid) for part in REPLY.attachments
        }
        assert {part.filename for part in seen.attachments} == {("Übersicht " * 12)[:116].rstrip() + ".pdf", "logo.png"}

    def test_is_read_alike_by_the_standard_library(self):
        other = message_from_bytes(compose(REPLY, loop_id=LOOP), policy=policy.default)
        assert other["subject"] == REPLY.subject
        assert [one.addr_spec for one in other["to"].addresses] == ["rene@x.example"]
        assert not other.defects
        body = other.get_body(("plain",))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == REPLY.text

    def test_is_the_same_bytes_each_time(self):
        assert compose(REPLY, loop_id=LOOP) == compose(REPLY, loop_id=LOOP)
        assert compose(replace(REPLY, external_id="<kept.2@halden.example>"), loop_id=LOOP) != compose(
            REPLY, loop_id=LOOP
        )

    def test_has_short_ascii_lines_ending_in_crlf(self):
        long = replace(
            REPLY, subject="x" * 3_000, text="y" * 5_000, html="<p>" + "é" * 5_000, references=("<a@x>",) * 90
        )
        for raw in (compose(REPLY, loop_id=LOOP), compose(long, loop_id=LOOP)):
            lines = raw.split(b"\r\n")
            assert raw.isascii()
            assert max(map(len, lines)) <= 998
            assert not any(b"\n" in line or b"\r" in line for line in lines)

    def test_says_of_automatic_mail_that_it_is(self):
        raw = compose(replace(REPLY, automatic=True), loop_id=LOOP)
        assert b"\r\nAuto-Submitted: auto-replied\r\n" in raw
        assert b"\r\nX-Auto-Response-Suppress: All\r\n" in raw
        assert b"\r\nPrecedence: bulk\r\n" in raw
        assert parse(raw).kind == "auto_reply"
        assert b"Auto-Submitted" not in compose(REPLY, loop_id=LOOP)

    def test_is_known_as_ours_when_it_returns(self):
        assert parse(compose(REPLY, loop_id=LOOP), own_addresses=frozenset({LOOP})).kind == "loop"

    def test_writes_international_domains_in_ascii(self):
        raw = compose(replace(REPLY, recipients=(Recipient("Jo@müller.example"),)), loop_id=LOOP)
        assert b"\r\nTo: Jo@xn--mller-kva.example\r\n" in raw

    @pytest.mark.parametrize(
        "address", ["jörg@x.example", "a@b@c", "", "a@x.example\r\nBcc: e@x.example", "a b@x.example", "<a@x.example>"]
    )
    def test_refuses_addresses_it_cannot_send_to(self, address):
        with pytest.raises(Permanent):
            compose(replace(REPLY, recipients=(Recipient(address),)), loop_id=LOOP)

    def test_needs_a_message_id(self):
        with pytest.raises(Permanent):
            compose(replace(REPLY, external_id="<a\r\nBcc: e@x>"), loop_id=LOOP)

    def test_answers_an_id_that_is_not_ascii_without_naming_it(self):
        raw = compose(replace(REPLY, in_reply_to="<a@é>", references=("<b@x.example>", "<a@é>")), loop_id=LOOP)
        assert parse(raw).references == ("<b@x.example>",)

    @given(EVIL, EVIL, EVIL, EVIL)
    def test_lets_nothing_in_a_value_become_a_header(self, subject, name, filename, cid):
        part = Part(filename, f"image/{subject}", b"x", inline=True, cid=cid)
        outbound = replace(
            REPLY,
            subject=subject,
            sender=Party("support@halden.example", name),
            recipients=(Recipient("a@x.example", name),),
            in_reply_to=subject,
            references=(name, cid),
            attachments=(part,),
        )
        for reader in (policy.compat32, policy.default):
            found = message_from_bytes(compose(outbound, loop_id=LOOP), policy=reader)
            names = [header.lower() for header in found.keys()]  # noqa: SIM118
            assert "bcc" not in names
            assert len(names) == len(set(names))
            assert set(names) <= {
                "content-type", "mime-version", "date", "from", "to", "reply-to", "subject", "message-id",
                "in-reply-to", "references", "x-kept-loop", "content-transfer-encoding",
            }  # fmt: skip
        seen = parse(compose(outbound, loop_id=LOOP))
        assert [one.address for one in seen.to] == ["a@x.example"]
        assert seen.author.address == "support@halden.example"
