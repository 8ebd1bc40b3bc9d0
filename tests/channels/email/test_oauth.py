"""Access tokens from a real token endpoint on loopback."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.adapter import AuthExpired, Permanent, Retryable
from channels.email.oauth import OAuthConfig, Tokens, access_token, finish, start
from helpdesk.http import Allowed, Client
from helpdesk.now import travel

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
HTTP = Client(Allowed.read("127.0.0.1"))


def config_of(server, **changes) -> OAuthConfig:
    base = OAuthConfig("custom", "kept-app", "canary-secret", "refresh-0", token_url=server.url)
    return replace(base, authorize_url="https://login.example/authorize", scope="mail", **changes)


class TestAccessToken:
    def test_is_asked_for_with_the_refresh_token(self, token_server):
        token = access_token(config_of(token_server), NOW, http=HTTP)
        assert token.value == "access-1"
        assert token.expires_at == NOW + timedelta(hours=1)
        assert token.refresh_token == "refresh-0"
        assert token_server.requests == [
            {
                "grant_type": "refresh_token",
                "refresh_token": "refresh-0",
                "scope": "mail",
                "client_id": "kept-app",
                "client_secret": "canary-secret",
            }
        ]

    def test_a_withdrawn_permission_needs_a_new_sign_in(self, token_server):
        with pytest.raises(AuthExpired):
            access_token(config_of(token_server, refresh_token="gone"), NOW, http=HTTP)
        with pytest.raises(AuthExpired):
            access_token(config_of(token_server, refresh_token=""), NOW, http=HTTP)

    @pytest.mark.parametrize(
        ("status", "error", "meaning"),
        [
            (503, "", Retryable),
            (429, "", Retryable),
            (400, "temporarily_unavailable", Retryable),
            (401, "invalid_client", Permanent),
            (400, "unauthorized_client", Permanent),
            (400, "interaction_required", AuthExpired),
            (302, "", Permanent),
        ],
    )
    def test_each_refusal_has_a_meaning_and_no_secret_in_it(self, token_server, status, error, meaning):
        token_server.behaviour.status, token_server.behaviour.error = status, error
        config = config_of(token_server)
        with pytest.raises(meaning) as told:
            access_token(config, NOW, http=HTTP)
        assert "refresh-0" not in told.value.reason + repr(config)
        assert "canary" not in told.value.reason + repr(config)

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"access_token": 5}', b"[" * 100_000, b"\xff"])
    def test_an_answer_that_makes_no_sense_is_tried_again(self, token_server, body):
        token_server.behaviour.raw = body
        with pytest.raises(Retryable):
            access_token(config_of(token_server), NOW, http=HTTP)

    def test_an_unreachable_provider_is_tried_again(self, token_server):
        gone = config_of(token_server)
        token_server.__exit__()
        try:
            with pytest.raises(Retryable):
                access_token(gone, NOW, http=HTTP)
        finally:
            token_server._server.server_close()

    def test_a_private_token_url_is_refused_unless_allowed(self, token_server):
        with pytest.raises(Permanent, match="not allowed"):
            access_token(config_of(token_server), NOW, http=Client())
        assert token_server.requests == []


class TestTokens:
    def test_are_kept_until_five_minutes_before_their_end(self, token_server):
        tokens = Tokens(config_of(token_server), lambda _token: None, http=HTTP)
        with travel(to=NOW):
            assert [tokens(), tokens()] == ["access-1", "access-1"]
        with travel(to=NOW + timedelta(minutes=54)):
            assert tokens() == "access-1"
        with travel(to=NOW + timedelta(minutes=55)):
            assert tokens() == "access-2"

    def test_a_refused_one_is_passed_over(self, token_server):
        tokens = Tokens(config_of(token_server), lambda _token: None, http=HTTP)
        assert [tokens(), tokens(fresh=True)] == ["access-1", "access-2"]

    def test_a_changed_refresh_token_is_stored_and_used(self, token_server):
        token_server.behaviour.rotate = True
        stored = []
        tokens = Tokens(config_of(token_server), stored.append, http=HTTP)
        assert [tokens(), tokens(fresh=True)] == ["access-1", "access-2"]
        assert stored == ["refresh-1", "refresh-2"]


class TestSigningIn:
    def test_the_whole_way_with_pkce(self, token_server):
        config = config_of(token_server, refresh_token="")
        begun = start(config, "https://kept.example/oauth", login_hint="support@kept.example")
        query = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
        assert query["code_challenge_method"] == "S256"
        assert query["state"] == begun.state
        assert begun.verifier not in begun.url
        token_server.behaviour.codes = {"code-1": query["code_challenge"]}
        token = finish(config, begun, state=begun.state, code="code-1", http=HTTP)
        assert token.refresh_token == "refresh-code"
        assert access_token(replace(config, refresh_token=token.refresh_token), NOW, http=HTTP).value == "access-2"

    def test_another_state_is_refused_before_anything_is_asked(self, token_server):
        config = config_of(token_server)
        begun = start(config, "https://kept.example/oauth")
        with pytest.raises(Permanent):
            finish(config, begun, state="sträng", code="code-1", http=HTTP)
        assert token_server.requests == []

    def test_another_verifier_is_refused_by_the_provider(self, token_server):
        config = config_of(token_server)
        begun, other = (start(config, "https://kept.example/oauth") for _ in range(2))
        challenge = parse_qs(urlsplit(begun.url).query)["code_challenge"][0]
        token_server.behaviour.codes = {"code-1": challenge}
        with pytest.raises(AuthExpired):
            finish(config, other, state=other.state, code="code-1", http=HTTP)

    def test_google_and_microsoft_are_known(self):
        google = start(OAuthConfig("google", "id", "secret"), "https://kept.example/oauth").url
        assert google.startswith("https://accounts.google.com/")
        assert "access_type=offline" in google
        microsoft = start(OAuthConfig("microsoft", "id", "secret", tenant="contoso.com"), "https://kept.example/o").url
        assert microsoft.startswith("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?")
        assert "offline_access" in microsoft

    @pytest.mark.parametrize("tenant", ["../evil", "a/b", "", "x@evil.example", "a?b"])
    def test_a_tenant_cannot_change_the_address(self, tenant):
        with pytest.raises(Permanent):
            start(OAuthConfig("microsoft", "id", "secret", tenant=tenant), "https://kept.example/oauth")
