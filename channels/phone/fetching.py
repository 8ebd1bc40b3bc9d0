"""A file at the provider: what somebody sent along, or the voicemail they left.

It is asked for with our sign-in at the provider alone; Twilio then leads to a store of its own, where none is shown
(twilio.com/docs/messaging/api/media-resource, /docs/voice/api/recording).
"""

from __future__ import annotations

from channels import downloading
from channels.adapter import AuthExpired, Permanent, Retryable
from channels.phone.asking import proof
from channels.phone.connection import Connection
from channels.phone.reading import MOST_BYTES


def fetch(reference: str, connection: Connection) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """

    def signed(url: str) -> dict[str, str]:
        return proof(connection) if downloading.may_have_secrets(url, connection.base_url) else {}

    answer = downloading.follow(reference, "The provider", most=MOST_BYTES, headers=signed)
    if answer.status == 200:
        return answer.body
    if answer.status in {401, 403}:
        raise AuthExpired("The provider did not give it to us.")
    if answer.status in {404, 410} and "/Recordings/" not in reference:
        raise Permanent("The provider does not have it any more.")
    raise Retryable("The provider did not give it yet.")  # a recording may be told of before it can be had
