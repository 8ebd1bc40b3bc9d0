"""Files: as a message names them, and fetched by their id.

A file of a shared channel comes as an id alone (`file_access: check_file_info`), and every file's address may change,
so all of them are looked up by files.info when they are fetched (docs.slack.dev/reference/objects/file-object,
/reference/methods/files.info). Their addresses want the bot's token, which goes to Slack and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

from channels import downloading
from channels.adapter import Part, Permanent, Retryable
from channels.payloads import Payload
from channels.slack.asking import asked
from channels.slack.client import client
from channels.slack.connection import Connection
from channels.slack.names import name
from helpdesk.text.plain import neutral_filename

MOST_BYTES = 50 * 1000 * 1000
_OURS = (".slack.com", ".slack-files.com", ".slack-gov.com")
_NOT_HERE = {"tombstone": "it was deleted", "hidden_by_limit": "Slack hides it behind the limits of their plan"}
_KIND = "application/octet-stream"


def of(message: Payload) -> Iterator[Part]:
    """The files of a message, to be fetched, or with why they cannot be."""
    for file in message.parts("files"):
        called = neutral_filename(file.text("name") or file.text("title") or "file")
        kind = file.text("mimetype").lower()
        kind = kind if kind.isascii() and "/" in kind and len(kind) < 100 else _KIND
        missing = _missing(file, called)
        yield Part(called, kind, b"", missing=missing, reference="" if missing else name(file.text("id")))


def fetch(reference: str, connection: Connection) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """
    slack = client(connection)
    file = asked(lambda: slack.files_info(file=reference), is_read=True).part("file")
    if file.text("file_access") == "access_denied":
        raise Permanent("Slack does not let our app see it.")
    if (file.number("size") or 0) > MOST_BYTES:
        raise Permanent("It is larger than 50 MB.")
    url = file.text("url_private_download") or file.text("url_private")
    if not downloading.may_have_secrets(url, connection.base_url, _OURS):
        raise Permanent("Slack does not have it itself.")
    return _get(url, connection)


def _get(url: str, connection: Connection) -> bytes:
    signed = {"Authorization": f"Bearer {connection.bot_token}"}
    answer = downloading.ask(url, "Slack", most=MOST_BYTES, headers=signed)
    if answer.status == 200:
        return answer.body
    if answer.status == 429 or answer.status >= 500:
        raise Retryable("Slack did not give it.", retry_after=30)
    raise Permanent("Slack did not let us have it.")  # a redirect leads to a page to sign in at


def _missing(file: Payload, called: str) -> str:
    """Why it cannot be had, as a sentence."""
    mode = file.text("mode")
    if mode in _NOT_HERE:
        return f"{called} is not here: {_NOT_HERE[mode]}."
    if mode == "external" or file.flag("is_external"):
        return f"{called} is not here: it lies at {file.text('url_private')[:500] or 'a place Slack links to'}"
    if file.text("file_access") in {"access_denied", "file_not_found"}:
        return f"{called} is not here: Slack does not let our app see it."
    if (file.number("size") or 0) > MOST_BYTES:
        return f"{called} is not here: we take files of up to 50 MB from Slack, and this one is larger."
    return ""
