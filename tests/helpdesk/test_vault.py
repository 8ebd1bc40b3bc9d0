"""Secrets at rest: keys that change, keys that are weak, keys that are lost."""

from __future__ import annotations

import base64
import secrets
import stat
import threading

import pytest

from helpdesk.settings import settings
from helpdesk.vault import Unreadable, Vault, WeakKey, key_file, read_keys, vault

WHERE = "channel:7:imap"


def new_key() -> str:
    return secrets.token_urlsafe(32)


class TestSealing:
    def test_opens_again_and_differs_each_time(self):
        box = Vault(read_keys(new_key()))
        first, second = box.seal("pässword", WHERE), box.seal("pässword", WHERE)
        assert first != second
        assert "pässword" not in first
        assert box.open(first, WHERE) == box.open(second, WHERE) == "pässword"

    def test_an_old_key_still_opens_and_is_known_as_old(self):
        old, new = new_key(), new_key()
        sealed = Vault(read_keys(old)).seal("secret", WHERE)
        both = Vault(read_keys(f"{new}, {old}"))
        assert both.open(sealed, WHERE) == "secret"
        assert both.is_stale(sealed)
        renewed = both.seal("secret", WHERE)
        assert not both.is_stale(renewed)
        assert Vault(read_keys(new)).open(renewed, WHERE) == "secret"

    def test_a_lost_key_is_named_not_a_crash(self):
        sealed = Vault(read_keys(new_key())).seal("secret", WHERE)
        with pytest.raises(Unreadable):
            Vault(read_keys(new_key())).open(sealed, WHERE)

    def test_a_secret_opens_only_where_it_lives(self):
        box = Vault(read_keys(new_key()))
        with pytest.raises(Unreadable):
            box.open(box.seal("secret", WHERE), "channel:8:imap")

    @pytest.mark.parametrize(
        "broken", ["", "v1", "v1..", "v2.x.y", "secret", "v1.{id}.", "v1.{id}.####", "v1.{id}.AAAA"]
    )
    def test_nonsense_is_unreadable(self, broken):
        box = Vault(read_keys(new_key()))
        key_id = box.seal("x", WHERE).split(".")[1]
        with pytest.raises(Unreadable):
            box.open(broken.replace("{id}", key_id), WHERE)

    def test_every_changed_byte_is_noticed(self):
        box = Vault(read_keys(new_key()))
        version, key_id, data = box.seal("secret", WHERE).split(".")
        raw = base64.urlsafe_b64decode(data)
        for place in range(len(raw)):
            changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
            with pytest.raises(Unreadable):
                box.open(f"{version}.{key_id}.{base64.urlsafe_b64encode(changed).decode()}", WHERE)

    def test_keys_never_show(self):
        key = new_key()
        assert repr(read_keys(key)[0]) not in repr(Vault(read_keys(key)))


class TestDerive:
    def test_gives_each_purpose_its_own_key_newest_first(self):
        old, new = new_key(), new_key()
        both = Vault(read_keys(f"{new},{old}"))
        assert both.derive("reply-token") == [
            *Vault(read_keys(new)).derive("reply-token"),
            *Vault(read_keys(old)).derive("reply-token"),
        ]
        assert not set(both.derive("reply-token")) & set(both.derive("image-proxy"))
        assert {len(key) for key in both.derive("reply-token")} == {32}


class TestKeys:
    @pytest.mark.parametrize(
        "weak",
        [
            "",
            " , ",
            "changeme",
            "secret-key-secret-key-secret-key-secret-key",
            base64.b64encode(b"\x00" * 32).decode(),
            base64.b64encode(bytes(range(32))).decode(),
            base64.b64encode(bytes(range(64, 0, -2))).decode(),
            base64.b64encode(b"an-example-key-that-people-type!").decode(),
            "p+qYg6LUiIq3AlB88wxpEQ==",
            "not base64 at all! not base64 at all! not base64",
        ],
    )
    def test_a_weak_or_sample_key_is_refused_with_advice(self, weak):
        with pytest.raises(WeakKey, match="Make one with"):
            read_keys(weak)

    def test_standard_and_url_safe_base64_are_the_same_key(self):
        raw = b"\xff\xfe" + secrets.token_bytes(30)
        assert read_keys(base64.b64encode(raw).decode()) == read_keys(base64.urlsafe_b64encode(raw).decode()) == (raw,)


class TestKeyFile:
    def test_is_made_once_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "var" / "secret.key"
        first = key_file(path)
        assert key_file(path) == first
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]
        read_keys(first)

    def test_of_many_that_start_at_once_one_wins(self, tmp_path):
        path = tmp_path / "secret.key"
        seen: list[str] = []
        barrier = threading.Barrier(16)

        def begin() -> None:
            barrier.wait()
            seen.append(key_file(path))

        threads = [threading.Thread(target=begin) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 16
        assert len(set(seen)) == 1
        assert list(tmp_path.iterdir()) == [path]

    def test_open_to_others_is_refused(self, tmp_path):
        path = tmp_path / "secret.key"
        key_file(path)
        path.chmod(0o644)
        with pytest.raises(WeakKey, match="chmod 600"):
            key_file(path)

    def test_the_vault_of_the_process_uses_it_unless_keys_are_set(self, tmp_path, monkeypatch):
        for cache in (settings, vault):
            cache.cache_clear()
        try:
            monkeypatch.setenv("HELPDESK_VAR", str(tmp_path))
            sealed = vault().seal("secret", WHERE)
            vault.cache_clear()
            assert vault().open(sealed, WHERE) == "secret"
            monkeypatch.setenv("HELPDESK_SECRET_KEYS", new_key())
            for cache in (settings, vault):
                cache.cache_clear()
            with pytest.raises(Unreadable):
                vault().open(sealed, WHERE)
        finally:
            for cache in (settings, vault):
                cache.cache_clear()
