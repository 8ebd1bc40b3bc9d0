"""One request to the Bot API, and what its refusals mean.

POST {base}/bot{token}/{method} with JSON, or multipart/form-data where a file goes along; the answer is JSON:
{"ok": true, "result": ...} or {"ok": false, "error_code": ..., "description": "...", "parameters": {"retry_after":
seconds, "migrate_to_chat_id": id}} (core.telegram.org/bots/api#making-requests, #responseparameters).
Nothing makes a second request harmless, so one that broke off after it began is `Uncertain`, as is a 5xx other than 503
to something that is sent.

The token is part of the address: no address, and no error that names one, is ever shown or logged.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from channels import provider
from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable
from channels.payloads import Payload
from channels.provider import Answer
from channels.telegram.connection import Connection
from helpdesk import http

TIMEOUT = 20.0
_LONGEST_WAIT = 3600
_NOT_KNOWN = "Telegram does not know this token. Get a new one from @BotFather and enter it."
_GONE = {
    "bot was blocked by the user": "They blocked our bot in Telegram. Reach them another way.",
    "user is deactivated": "Their Telegram account does not exist any more. Reach them another way.",
    "bot was kicked": "Our bot was taken out of this group. Reach them another way.",
    "bot is not a member": "Our bot is not in this group any more. Reach them another way.",
    "bot can't initiate conversation": "They have not written to our bot yet, and only they can begin.",
    "have no rights to send": "Our bot may not write in this group. Somebody who runs it can allow that.",
    "chat not found": "Telegram knows no such conversation any more. Reach them another way.",
}
"""By words of `description`, which is all that tells these apart."""


def ask(
    connection: Connection, method: str, *, seconds: float = TIMEOUT, is_read: bool = False, **arguments: Any
) -> Answer:
    """What a method answers. `is_read` ones may be asked twice, so a cut is no doubt about anything.

    Raises:
        SendError: it was refused, or may not have arrived; as `channels.adapter` names them.
    """
    said = {name: value for name, value in arguments.items() if value is not None}
    body = json.dumps(said).encode()
    return post(connection, method, body, "application/json", seconds=seconds, is_read=is_read)


def post(  # noqa: PLR0913 - the parts of a request
    connection: Connection, method: str, body: bytes, kind: str, *, seconds: float = TIMEOUT, is_read: bool = False
) -> Answer:
    """The same with a body of one's own."""
    url = f"{connection.base_url}/bot{connection.token}/{method}"
    with provider.asked("Telegram", is_read=is_read):
        answer = http.request("POST", url, headers={"Content-Type": kind}, body=body, timeout=seconds)
        said = provider.read(answer, "Telegram", is_read=is_read)
        if answer.status != 200 or not said.flag("ok"):
            refuse(answer.status, said)
        return said


def refuse(status: int, said: Payload) -> NoReturn:
    """Raise what a refusal means.

    Raises:
        SendError: always.
    """
    code = said.number("error_code") or status
    words = said.text("description").lower()
    if code == 429:
        wait = said.part("parameters").number("retry_after") or 1
        raise RateLimited("Telegram asks us to wait.", code="429", retry_after=min(max(wait, 1), _LONGEST_WAIT))
    if code in {401, 404}:
        raise AuthExpired(_NOT_KNOWN, code=str(code))
    if code == 409:
        raise Retryable("Telegram tells something else what comes in. Use the bot in one place alone.", code="409")
    provider.check_works(code, "Telegram")
    for known, sentence in _GONE.items():
        if known in words:
            raise Permanent(sentence, code=str(code))
    raise Permanent(f"Telegram refused it. Its code is {code}.", code=str(code))
