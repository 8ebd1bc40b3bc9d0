"""Mails for tests: a few builders, and the bombs, made here because nobody wants megabytes in a repository."""

import base64
from collections.abc import Callable

HEAD = "From: Ann <ann@x.example>\nTo: support@halden.example\nSubject: s\nMessage-ID: <1@x.example>\n"
PLAIN = (HEAD + "\nhello").encode()


def mail(*, headers: str = "", body: str | bytes = "hello") -> bytes:
    content = body if isinstance(body, bytes) else body.encode()
    return (HEAD + headers + ("\n" if headers and not headers.endswith("\n") else "") + "\n").encode() + content


def multipart(*parts: str, subtype: str = "mixed", extra: str = "", boundary: str = "b0") -> bytes:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    return mail(
        headers=f'MIME-Version: 1.0\nContent-Type: multipart/{subtype}{extra}; boundary="{boundary}"', body=body
    )


def bombs() -> dict[str, Callable[[], bytes]]:
    """The bombs of the reliability programme (M1), by name; each is made when it is called."""
    head = HEAD.encode()
    mixed = head + b"Content-Type: multipart/mixed; boundary=b\n\n"
    daemon = b"Return-Path: <>\nFrom: mailer-daemon@x.example\nSubject: Undelivered\n"
    report = daemon + b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
    return {
        "multiparts 1,000 deep": lambda: head + _nested(1_000),
        "multiparts 100,000 deep": lambda: head + _nested(100_000),
        "multiparts 49 deep": lambda: head + _nested(49),
        "messages 100,000 deep": lambda: head + b"Content-Type: message/rfc822\n\n" * 100_000,
        "digests 30,000 deep": lambda: head + _nested(30_000, b"digest"),
        "subject of 400 kB": lambda: b"Subject: " + b" ".join([b"=?utf-8?q?a=C3=A4?="] * 20_000) + b"\n\nx",
        "subject of 31 kB": lambda: b"Subject: " + b" ".join([b"=?utf-8?q?a=C3=A4?="] * 1_500) + b"\n\nx",
        "20,000 parameters": lambda: (
            b"Content-Type: text/plain" + b"".join(b"; p%d=v" % at for at in range(20_000)) + b"\n\nx"
        ),
        "2,500 parameter pieces": lambda: (
            b"Content-Type: text/plain" + b"".join(b"; p*%d=v" % at for at in range(2_500)) + b"\n\nx"
        ),
        "100,000 recipients": lambda: b"To: " + b", ".join(b"u%d@x.example" % at for at in range(100_000)) + b"\n\nx",
        "2,000 recipients": lambda: b"To: " + b",".join(b"u%d@x.org" % at for at in range(2_000)) + b"\n\nx",
        "100,000 references": lambda: b"References: " + b" ".join(b"<%d@x>" % at for at in range(100_000)) + b"\n\nx",
        "1,000,000 header lines": lambda: b"X: y\n" * 1_000_000 + b"\nx",
        "1,000,000 header lines in a part": lambda: mixed + b"--b\n" + b"X: y\n" * 1_000_000 + b"\nx",
        "one endless header in a part": lambda: mixed + b"--b\nX: y\n" + b" y\n" * 2_900_000 + b"\nx",
        "100,000 siblings": lambda: mixed + b"--b\n\nx\n" * 100_000,
        "boundary of 30 kB": lambda: (
            head + b"Content-Type: multipart/mixed; boundary=" + b"a" * 30_000 + b"\n\n--" + b"a" * 30_000
        ),
        "50 MB of base64": lambda: (
            mixed
            + b"--b\nContent-Transfer-Encoding: base64\nContent-Type: application/x-y\n\n"
            + base64.encodebytes(b"\1\2\3" * 12_200_000)
            + b"\n--b--\n"
        ),
        "50 MB of text": lambda: head + b"\n" + b"lorem ipsum dolor sit amet\n" * 1_900_000,
        "50 MB in one line": lambda: head + b"\n" + b"x" * 52_000_000,
        "50 MB of line ends": lambda: head + b"\n" + b"\n" * 52_000_000,
        "50 MB of tags": lambda: head + b"Content-Type: text/html\n\n" + b"<div>" * 10_000_000,
        "20,000 divs": lambda: head + b"Content-Type: text/html\n\n" + b"<div>" * 20_000,
        "more than 50 MB": lambda: b"x" * (50 * 2**20 + 1),
        "nothing": lambda: b"",
        "no headers": lambda: b"hello there\nx",
        "bare CR": lambda: b"From: a@x.example\rSubject: x\r\rbody\rx",
        "bare CR, 20 MB": lambda: head + b"\n" + b"\r" * 20_000_000,
        "8-bit headers": lambda: b"From: \xff\xfe <a@x.example>\nSubject: \xe4\xf6\xfc \x80\n\nx",
        "NUL charset": lambda: head + b'Content-Type: text/plain; charset="a\0b"\n\n\0x\0',
        "punycode": lambda: head + b"Content-Type: text/plain; charset=punycode\n\nx-" + b"a" * 100_000,
        "unicode_escape": lambda: head + b"Content-Type: text/plain; charset=unicode_escape\n\n\\u0041",
        "unknown charset": lambda: head + b"Content-Type: text/plain; charset=x-unknown\n\n\xff\xfe",
        "broken base64": lambda: (
            head + b"Content-Transfer-Encoding: base64\n\n!!!!" + b"=" * 1_000_000 + b"a=b=c=" * 1_000_000
        ),
        "broken quoted-printable": lambda: (
            head + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * 20_000_000
        ),
        "boundary that never comes": lambda: mixed + b"x" * 1_000_000,
        "boundary missing": lambda: head + b"Content-Type: multipart/mixed\n\nhello",
        "quotes in From": lambda: b"From: " + b'"\\' * 16_000 + b"\n\n",
        "parentheses in From": lambda: b"From: " + b"(" * 32_000 + b"\n\n",
        "angles in From": lambda: b"From: " + b"<" * 32_000 + b"\n\n",
        "colons in From": lambda: b"From: " + b":a" * 16_000 + b"\n\n",
        "bounce of 18 MB": lambda: daemon + b"\n" + b"<a@b>: " * 2_600_000,
        "report of 1,000,000 recipients": lambda: report + b"Final-Recipient: rfc822; a@x.example\n\n" * 1_000_000,
        "flowed": lambda: head + b"Content-Type: text/plain; format=flowed\n\n" + b"> x \n" * 2_900_000,
        "every byte": lambda: head + b"\n" + bytes(range(128, 256)) * 100_000,
        "uuencode": lambda: head + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"M\n" * 1_000_000,
        "winmail.dat": lambda: (
            head + b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\0\0" + b"\1\0\0\0\0\0\0\0\0\0\0\0" * 800_000
        ),
        "wrote": lambda: head + b"\n" + b"wrote:" * 170_000,
    }


def _nested(depth: int, subtype: bytes = b"mixed") -> bytes:
    return b"".join(b'Content-Type: multipart/%s; boundary="b%d"\n\n--b%d\n\n'[: -1 if subtype == b"mixed" else None]
                    % (subtype, at, at) for at in range(depth))  # fmt: skip
