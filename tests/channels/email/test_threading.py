import pytest

from channels.email import threading

KEYS = [b"new key" * 5, b"old key" * 5]


class TestReplyToken:
    @pytest.mark.parametrize("number", [0, 1, 4711, 2**40 - 1])
    @pytest.mark.parametrize("key", KEYS)
    def test_comes_back_under_any_of_our_keys(self, number, key):
        address = f"support+{threading.reply_token(number, key)}@halden.example"
        assert threading.read_token(address, KEYS) == number
        assert threading.read_token(address.upper(), KEYS) == number

    def test_cannot_be_changed_anywhere(self):
        token = threading.reply_token(4711, KEYS[0])
        for at, letter in enumerate(token):
            forged = token[:at] + ("a" if letter != "a" else "b") + token[at + 1 :]
            assert threading.read_token(f"support+{forged}@halden.example", KEYS) is None

    def test_of_a_stranger_is_none(self):
        token = threading.reply_token(4711, b"their key")
        assert threading.read_token(f"support+{token}@halden.example", KEYS) is None
        assert threading.read_token(f"support+{token}@halden.example", []) is None

    @pytest.mark.parametrize(
        "address", ["", "@", "support@x", "support+@x", "support+4711@x", "support+" + "1" * 24 + "@x", "é+é@x"]
    )
    def test_is_not_read_from_anything_else(self, address):
        assert threading.read_token(address, KEYS) is None

    def test_needs_a_number_that_fits(self):
        with pytest.raises(ValueError, match="40 bits"):
            threading.reply_token(2**40, KEYS[0])


class TestReferences:
    def test_end_with_the_parent(self):
        assert threading.references_for(["<a@x>", "<b@x>", "<a@x>"], "<c@x>") == ("<a@x>", "<b@x>", "<c@x>")
        assert threading.references_for([], "") == ()

    def test_keep_first_and_last_when_long(self):
        chain = threading.references_for([f"<{at:040}@x>" for at in range(200)], "<last@x>")
        assert chain[0] == f"<{0:040}@x>"
        assert chain[-2:] == (f"<{199:040}@x>", "<last@x>")
        assert len(" ".join(chain)) <= threading.REFERENCES_CHARACTERS


class TestMessageId:
    def test_is_new_and_known_as_ours(self):
        first, second = (threading.new_message_id("halden.example") for _ in range(2))
        assert first != second
        assert threading.is_own(first)
        assert not threading.is_own("<someone@else.example>")
