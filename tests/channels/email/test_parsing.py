import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.adapter import Kind
from channels.email import limits
from channels.email.parsing import parse
from tests.channels.email.mails import PLAIN, mail, multipart

PIECES = [
    b"From: a@x.example\n",
    b"Subject: =?utf-8?q?x?=\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"--b\n",
    b"--b--\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\xff\xc3",
    b'Content-Type: text/html; charset="',
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"aGVsbG8=\n",
    b"<div><p>hi",
    b"> On x wrote:\n",
    b"=",
    b"; ",
    b'"',
    b"Content-Type: message/rfc822\n",
    b"Content-Type: multipart/report; boundary=b\n",
    b"Return-Path: <>\n",
    b"Content-Type: message/delivery-status\n",
    b"Final-Recipient: rfc822; a@b\n",
    b"Content-Disposition: attachment; filename*0*=x''%ff\n",
    b"Content-Type: application/ms-tnef\n",
    b"\x78\x9f\x3e\x22\x00\x00\x01",
    b"charset=unicode_escape\n",
    b"begin 644 x\n",
    b"Date: x\n",
    b"Content-Type: text/plain; format=flowed; delsp=yes\n",
    b"X-Failed-Recipients: a@b\n",
    b"References: <a@b> <c\n",
    b"-- \n",
]


def winmail() -> bytes:
    """A winmail.dat (MS-OXTNEF) with words and one file."""

    def record(level: int, name: int, kind: int, data: bytes) -> bytes:
        sizes = (name | kind << 16).to_bytes(4, "little") + len(data).to_bytes(4, "little")
        return bytes([level]) + sizes + data + b"\0\0"

    tnef = b"\x78\x9f\x3e\x22\x01\x00" + record(1, 0x800C, 2, b"words\0") + record(2, 0x9002, 6, b"\0" * 14)
    tnef += record(2, 0x8010, 1, b"report.txt\0") + record(2, 0x800F, 6, b"content")
    return tnef + record(1, 0x8006, 3, b"\0" * 14)


class TestParse:
    def test_reads_people_subject_date_and_ids(self):
        envelope = parse(
            b"Return-Path: <bounce@x.example>\r\nDelivered-To: support+tok@halden.example\r\n"
            b"From: =?utf-8?q?Ren=C3=A9?= <Rene@X.example>\r\nTo: Support <support@halden.example>\r\n"
            b"Cc: b@x.example\r\nReply-To: other@x.example\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?= an alle\r\n"
            b"Date: Thu, 15 Oct 2026 16:42:00 +0200\r\nMessage-ID: <m@x.example>\r\nIn-Reply-To: <k@halden.example>\r\n"
            b"References: <j@halden.example>\r\n <k@halden.example>\r\n\r\nHello\r\n",
        )
        assert (envelope.author.address, envelope.author.name) == ("rene@x.example", "René")
        assert envelope.subject == "Grüße an alle"
        assert envelope.message_id == "<m@x.example>"
        assert envelope.in_reply_to == "<k@halden.example>"
        assert envelope.references == ("<j@halden.example>", "<k@halden.example>")
        assert envelope.delivered_to == ("support+tok@halden.example", "support@halden.example", "b@x.example")
        assert [one.address for one in envelope.reply_to] == ["other@x.example"]
        assert envelope.date is not None
        assert envelope.date.isoformat() == "2026-10-15T14:42:00+00:00"
        assert (envelope.text, envelope.kind, envelope.suspicion) == ("Hello", Kind.MESSAGE, "")

    def test_makes_the_same_id_for_the_same_bytes_when_there_is_none(self):
        raw = b"From: a@x.example\n\nhello"
        first, second, other = parse(raw), parse(raw), parse(raw + b"!")
        assert first.synthetic_id
        assert first.message_id.endswith("@digest.invalid>")
        assert first.message_id == second.message_id != other.message_id

    def test_prefers_the_plain_form_and_keeps_the_html(self):
        raw = multipart(
            "Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<p>rich</p>", subtype="alternative"
        )
        envelope = parse(raw)
        assert (envelope.text, envelope.html) == ("plain", "<p>rich</p>")

    def test_makes_text_of_html_alone_and_trims_its_history(self):
        html = '<p>new &amp; good</p><div class="gmail_quote">old</div>'
        envelope = parse(mail(headers="Content-Type: text/html; charset=utf-8", body=html))
        assert "new & good" in envelope.text
        assert "old" in envelope.text
        assert envelope.reply_text == "new & good"

    def test_keeps_inline_images_with_their_cid(self):
        raw = multipart(
            "Content-Type: text/html\n\n<img src=cid:logo@x>",
            "Content-Type: image/png; name=l.png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\naGVsbG8=",
            subtype="related",
        )
        (part,) = parse(raw).attachments
        assert (part.filename, part.content_type, part.content, part.inline, part.cid) == (
            "l.png",
            "image/png",
            b"hello",
            True,
            "logo@x",
        )

    def test_joins_text_around_an_attachment(self):
        raw = multipart(
            "Content-Type: text/plain\n\nabove",
            "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\nx",
            "Content-Type: text/plain\n\nbelow",
        )
        envelope = parse(raw)
        assert envelope.text == "above\n\nbelow"
        assert [part.filename for part in envelope.attachments] == ["a.pdf"]

    def test_keeps_an_attached_message_byte_for_byte(self):
        inner = "Subject: Invoice 7/8\nX:  odd \n\nbody \nFrom here"
        (part,) = parse(
            multipart("Content-Type: text/plain\n\nsee", f"Content-Type: message/rfc822\n\n{inner}")
        ).attachments
        assert part.content == inner.encode()
        assert part.filename == "Invoice 7-8.eml"

    def test_joins_flowed_lines(self):
        body = "one \ntwo\n> quoted \n> on\n-- \nsig"
        envelope = parse(mail(headers="Content-Type: text/plain; format=flowed", body=body))
        assert envelope.text == "one two\n> quoted on\n-- \nsig"

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            ('filename="../../etc/passwd"', "passwd"),
            ('filename="C:\\\\dir\\\\a.txt"', "a.txt"),
            ('filename=".htaccess"', "htaccess"),
            ("filename*=utf-8''a%E2%80%AEgnp.exe", "agnp.exe"),
            ("filename*=utf-8''.ht%E2%80%8Baccess%00", "htaccess"),
            ('filename="=?utf-8?q?=C3=BC.txt?="', "ü.txt"),
            ('filename="a\tb\x07.txt"', "a b .txt"),
            ('filename="' + "a" * 300 + '.png"', "a" * 116 + ".png"),
            ('filename=""', "attachment.pdf"),
            ('filename="/"', "attachment.pdf"),
        ],
    )
    def test_makes_filenames_harmless(self, disposition, name):
        raw = multipart(f"Content-Type: application/pdf\nContent-Disposition: attachment; {disposition}\n\nx")
        assert [part.filename for part in parse(raw).attachments] == [name]

    @pytest.mark.parametrize(
        ("raw", "protected"),
        [
            (multipart("\n\nx", "Content-Type: application/pgp-signature\n\ny", subtype="signed"), "signed"),
            (multipart("Content-Type: application/pgp-encrypted\n\nVersion: 1", subtype="encrypted"), "encrypted"),
            (mail(headers="Content-Type: application/pkcs7-mime; smime-type=enveloped-data"), "encrypted"),
            (mail(headers="Content-Type: application/pkcs7-mime; smime-type=signed-data"), "signed"),
            (mail(body="-----BEGIN PGP MESSAGE-----\nx"), "encrypted"),
            (PLAIN, ""),
        ],
    )
    def test_marks_what_is_protected(self, raw, protected):
        assert parse(raw).protected == protected

    def test_keeps_a_winmail_that_does_not_open(self):
        raw = mail(headers="Content-Type: application/ms-tnef; name=winmail.dat", body=b"\x78\x9f\x3e\x22broken")
        assert [part.filename for part in parse(raw).attachments] == ["winmail.dat"]

    def test_keeps_a_winmail_that_is_damaged_anywhere(self):
        tnef = winmail()
        cut = (tnef[:at] for at in range(4, len(tnef)))
        changed = (tnef[:at] + bytes([octet]) + tnef[at + 1 :] for at in range(4, len(tnef)) for octet in (0, 1, 255))
        for damaged in (*cut, *changed):
            envelope = parse(mail(headers="Content-Type: application/ms-tnef; name=winmail.dat", body=damaged))
            assert envelope.attachments or envelope.text

    def test_opens_a_winmail(self):
        envelope = parse(mail(headers="Content-Type: application/ms-tnef; name=winmail.dat", body=winmail()))
        assert [(part.filename, part.content) for part in envelope.attachments] == [("report.txt", b"content")]
        assert envelope.text == "words"

    def test_believes_only_the_topmost_trusted_server(self):
        results = (
            "Authentication-Results: evil.example; dmarc=pass\n"
            "Authentication-Results: mx.halden.example; spf=pass (x; dmarc=pass) smtp.mailfrom=x;\n"
            " dkim=fail; dkim=pass; dmarc=fail header.from=x.example\n"
            "Authentication-Results: mx.halden.example; dmarc=pass\n"
        )
        seen = parse(mail(headers=results), trusted_authserv=frozenset({"mx.halden.example"})).authentication
        assert (seen.spf, seen.dkim, seen.dmarc) == ("pass", "pass", "fail")
        assert parse(mail(headers=results)).authentication.dmarc == ""

    def test_takes_no_verdict_about_another_domain(self):
        results = "Authentication-Results: mx.halden.example; dmarc=pass header.from=evil.example"
        assert not parse(mail(headers=results), trusted_authserv=frozenset({"mx.halden.example"})).authentication.passed

    @given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=40).map(b"".join))
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_never_fails_whatever_the_bytes(self, raw):
        envelope = parse(raw)
        words = (envelope.text, envelope.html, envelope.subject, envelope.author.name, envelope.message_id)
        for text in (*words, *(part.filename + part.cid for part in envelope.attachments), *envelope.references):
            text.encode("utf-8")
            assert "\x00" not in text


class TestLimits:
    @pytest.mark.parametrize(
        "raw",
        [
            b"x" * (limits.RAW_BYTES + 1),
            b"X: " + b"y" * limits.HEADER_BYTES + b"\n\n",
            b"X: y\n" * (limits.HEADERS + 1) + b"\n",
            (b"X: " + b"y" * 30_000 + b"\n") * 9 + b"\n",
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * limits.PARTS,
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + b"X: y\n" * (limits.HEADERS + 1) + b"\n",
            b"To: " + b",".join(b"%d@x.org" % at for at in range(limits.ADDRESSES + 1)) + b"\n\n",
        ],
        ids=["raw", "header", "headers", "block", "parts", "part headers", "addresses"],
    )
    def test_refuse_what_is_over(self, raw):
        with pytest.raises(limits.OverLimit):
            parse(raw)

    def test_are_no_wider_than_what_parsing_was_measured_with(self):
        assert limits.RAW_BYTES <= 50 * 2**20
        assert limits.HEADER_BLOCK_BYTES <= 256 * 2**10
        assert limits.HEADER_BYTES <= 32 * 2**10
        assert max(limits.HEADERS, limits.PARTS, limits.ADDRESSES) <= 1_000
        assert limits.DEPTH <= 50

    def test_end_the_nesting_of_parts(self):
        def nested(levels):
            parts = [f'Content-Type: multipart/mixed; boundary="b{at}"\n\n--b{at}\n' for at in range(levels)]
            return "".join([*parts, "\nhello\n"]).encode()

        assert parse(nested(limits.DEPTH)).text.strip() == "hello"
        with pytest.raises(limits.OverLimit, match="deep"):
            parse(nested(limits.DEPTH + 1))

    def test_allow_what_just_fits(self):
        parse(b"X: " + b"y" * 32_000 + b"\n\n")
        parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (limits.PARTS - 1))
        parse(b"To: " + b",".join(b"%d@x.org" % at for at in range(limits.ADDRESSES)) + b"\n\n")
