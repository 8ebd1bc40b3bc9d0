import hashlib
import json

import pytest
from flask import Flask

from channels.email.commands import mail
from tests.channels.email.mails import bombs, multipart


@pytest.fixture
def run():
    app = Flask(__name__)
    app.cli.add_command(mail)
    runner = app.test_cli_runner()
    return lambda raw, *options: runner.invoke(args=["mail", "parse", *options], input=raw)


class TestMailParse:
    def test_prints_what_the_product_sees(self, run):
        raw = multipart(
            "Content-Type: text/plain\n\nhello\n\nOn 1 Jan Bob wrote:\n> old",
            "Content-Type: image/png; name=a.png\n\nx",
        )
        result = run(raw)
        seen = json.loads(result.stdout)
        assert result.exit_code == 0
        assert seen["message_id"] == "<1@x.example>"
        assert seen["from"] == {"email": "ann@x.example", "name": "Ann"}
        assert seen["to"] == [{"email": "support@halden.example", "name": ""}]
        assert (seen["kind"], seen["reply_text"], seen["bounce"], seen["date"]) == ("message", "hello", None, None)
        assert seen["attachments"] == [
            {
                "filename": "a.png",
                "type": "image/png",
                "size": 1,
                "sha256": hashlib.sha256(b"x").hexdigest(),
                "inline": False,
                "cid": "",
            },
        ]

    def test_knows_our_own_mail(self, run):
        raw = b"From: a@x.example\nX-Kept-Loop: support@halden.example\n\nx"
        assert json.loads(run(raw, "--own", "Support@halden.example").stdout)["kind"] == "loop"

    @pytest.mark.parametrize("name", ["multiparts 1,000 deep", "more than 50 MB", "100,000 recipients"])
    def test_says_why_it_refused(self, run, name):
        result = run(bombs()[name]())
        assert result.exit_code == 1
        assert set(json.loads(result.stdout)) == {"error"}

    @pytest.mark.parametrize("raw", [b"", b"\x00\xff", b"\r\r\r", b"\xed\xa0\x80: x"])
    def test_never_breaks(self, run, raw):
        result = run(raw)
        assert result.exit_code == 0
        assert json.loads(result.stdout)["synthetic_id"]
