"""The example of RFC 8291, byte for byte, and what a browser reads."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from channels.push import encryption
from tests.fakes.push import Subscriber, unb64

# RFC 8291, section 5 and appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
THEIR_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(said: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(said), "big"), ec.SECP256R1())


def test_the_example_of_the_rfc_comes_out():
    body = encryption.encrypt(PLAIN, unb64(THEIRS), unb64(SECRET), ours=private(OURS), salt=unb64(SALT))
    assert body == unb64(BODY)


def test_the_browser_of_our_tests_reads_the_example():
    assert Subscriber("", private(THEIR_PRIVATE), unb64(SECRET)).read(unb64(BODY)) == PLAIN


@pytest.mark.parametrize("plain", [b"", b"x", "Kühlraum 2 ist warm".encode(), b"x" * encryption.LONGEST])
def test_a_browser_reads_what_was_meant_for_it_and_no_other_does(plain):
    browser, other = Subscriber(""), Subscriber("")
    body = encryption.encrypt(plain, browser.public, browser.auth)
    assert browser.read(body) == plain
    assert len(body) <= 4096
    with pytest.raises(InvalidTag):
        other.read(body)


def test_no_two_messages_look_alike():
    browser = Subscriber("")
    assert encryption.encrypt(b"x", browser.public, browser.auth) != encryption.encrypt(
        b"x", browser.public, browser.auth
    )


def test_what_no_push_service_would_take_is_refused():
    browser = Subscriber("")
    with pytest.raises(ValueError, match="3993"):
        encryption.encrypt(b"x" * (encryption.LONGEST + 1), browser.public, browser.auth)
