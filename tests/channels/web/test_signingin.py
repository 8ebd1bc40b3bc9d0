"""Signing in to a mailbox at its provider, against a token server on loopback."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from channels.email import connection as connections
from channels.models import Channel
from channels.web import begun
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.settings import settings
from tests.channels.web.conftest import FORM, HERE, signed_in

PROVIDER = {
    "provider": "custom", "client_id": "kept", "tenant": "common", "scope": "mail",
    "authorize_url": "https://provider.example/authorize",
}  # fmt: skip


@pytest.fixture
def mailbox(product, admin, token_server, monkeypatch) -> int:
    """A mailbox of a provider of one's own, nobody signed in; it also takes what lies there."""
    monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    settings.cache_clear()
    number = int(admin.send(HERE, FORM).location.rpartition("/")[2].partition("?")[0])
    with product.app_context():
        channel = db.session.get_one(Channel, number)
        imap = channel.config["imap"] | {"auth": "xoauth2"}
        channel.config = channel.config | {"imap": imap, "oauth": PROVIDER | {"token_url": token_server.url}}
        channel.secrets, channel.state = {}, "needs_sign_in"
        db.session.commit()
    return number


def begin(admin, mailbox, token_server) -> str:
    """Go to the provider, who gives a code; the query it sends the browser back with."""
    answer = admin.get(f"{HERE}/{mailbox}/sign-in")
    assert answer.status_code == 302
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
    assert asked["redirect_uri"] == f"{settings().base_url}{begun.PATH}"
    token_server.behaviour.codes["the-code"] = asked["code_challenge"]
    return f"code=the-code&state={asked['state']}"


def secrets_of(product, mailbox) -> dict:
    with product.app_context():
        return dict(db.session.get_one(Channel, mailbox).secrets)


class TestSignIn:
    def test_keeps_the_lasting_permission_sealed(self, product, admin, mailbox, token_server):
        back = begin(admin, mailbox, token_server)
        answer = admin.get(f"{begun.PATH}?{back}")
        assert answer.status_code == 303, answer.text
        sealed = secrets_of(product, mailbox)
        assert list(sealed) == ["oauth_refresh"]
        assert "refresh-code" not in str(sealed)
        with product.app_context():
            channel = db.session.get_one(Channel, mailbox)
            assert channel.state == "new"
            assert connections.read(channel).imap_secret().startswith("access-")
        assert "Signed in by Ada Berg." in admin.get(f"{HERE}/{mailbox}").text

    def test_serves_once(self, product, admin, mailbox, token_server):
        back = begin(admin, mailbox, token_server)
        admin.get(f"{begun.PATH}?{back}")
        assert admin.get(f"{begun.PATH}?{back}").status_code == 409

    @pytest.mark.parametrize("change", ["state", "code", "late", "other browser", "refused"])
    def test_nothing_changes_when_the_answer_is_not_to_what_was_begun(
        self, product, admin, mailbox, token_server, change
    ):
        back = begin(admin, mailbox, token_server)
        known = signed_in(product, "ada@meridian.example") if change == "other browser" else admin
        if change == "other browser":
            known.client.set_cookie("kept-mailbox", admin.client.get_cookie("kept-mailbox", path=begun.PATH).value)
        asked = {"state": f"{back}x", "code": back.replace("the-code", "another"), "refused": "error=access_denied"}
        with travel(minutes=11 if change == "late" else 0):
            answer = known.get(f"{begun.PATH}?{asked.get(change, back)}")
        assert answer.status_code == 409
        assert secrets_of(product, mailbox) == {}

    def test_nothing_is_kept_when_the_mailbox_does_not_open(self, product, admin, mailbox, token_server):
        with product.app_context():
            channel = db.session.get_one(Channel, mailbox)
            channel.config = channel.config | {"from_now_on": True}
            db.session.commit()
        answer = admin.get(f"{begun.PATH}?{begin(admin, mailbox, token_server)}")
        assert answer.status_code == 409
        assert secrets_of(product, mailbox) == {}

    def test_a_private_provider_is_not_asked_unless_it_is_allowed(
        self, product, admin, mailbox, token_server, monkeypatch
    ):
        monkeypatch.delenv("HELPDESK_ALLOW_PRIVATE_HOSTS")
        settings.cache_clear()
        assert admin.get(f"{begun.PATH}?{begin(admin, mailbox, token_server)}").status_code == 409
        assert token_server.requests == []

    def test_another_server_needs_a_new_sign_in(self, product, admin, mailbox, token_server):
        admin.get(f"{begun.PATH}?{begin(admin, mailbox, token_server)}")
        form = FORM | {"sign_in": "custom", "oauth_client_id": "kept", "imap_password": ""}
        assert admin.send(f"{HERE}/{mailbox}", form).status_code == 303
        assert list(secrets_of(product, mailbox)) == ["oauth_refresh"]
        assert admin.send(f"{HERE}/{mailbox}", form | {"imap_host": "evil.example"}).status_code == 303
        assert secrets_of(product, mailbox) == {}
        assert "Needs sign-in" in admin.get(HERE).text

    def test_google_is_asked_with_the_registered_application(self, product, admin):
        form = FORM | {"sign_in": "google", "oauth_client_id": "id-7", "oauth_client_secret": "s-7", "take_in": "new"}
        answer = admin.send(HERE, form)
        assert answer.location.endswith("said=sign-in")
        away = admin.get(f"{answer.location.partition('?')[0]}/sign-in").location
        assert away.startswith("https://accounts.google.com/")
        assert "client_id=id-7" in away
        assert "s-7" not in away
