"""An answer in a conversation: its words under the agent's name, then its files together.

Words go by chat.postMessage with `username` (scope chat:write.customize), in the thread where there is one. Files go by
files.getUploadURLExternal, their bytes to the address it gives, and files.completeUploadExternal, which shows all of
them at once under the app's name (docs.slack.dev/messaging/working-with-files#uploading_files). Until then nobody sees
anything, so only that last call can leave a doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from channels import pieces, provider
from channels.adapter import Outbound, Outcome, Part, Permanent, Result, Retryable
from channels.capabilities import Capabilities, Files
from channels.slack.asking import asked
from channels.slack.client import Client, client
from channels.slack.connection import Connection
from channels.slack.words import escaped
from helpdesk import http

CAPABILITIES = Capabilities(
    max_length=4000, files=Files(count=10, size=50 * 1000 * 1000), threads=True, can_initiate=True
)
"""Slack advises 4,000 characters (docs.slack.dev/reference/methods/chat.postMessage#truncating)."""
_NAME = 80
_UPLOAD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Place:
    """`channel` may be a person, which means the direct conversation with them."""

    channel: str
    thread: str


def send(outbound: Outbound, connection: Connection, begin: Callable[[], None]) -> tuple[Result, ...]:
    """Send what was not sent before.

    Raises:
        SendError: `done` are the pieces that were sent.
    """
    recipient = outbound.recipient
    if recipient is None:
        return ()
    _check(outbound)
    slack, place = client(connection), _place(outbound, recipient.address)
    steps = [_say] if outbound.text.strip() else []
    steps += [_show] if outbound.attachments else []
    done = pieces.send(outbound, [partial(step, slack, place, outbound) for step in steps], begin)
    return (Result(recipient.address, Outcome.ACCEPTED, external_id=done[0] if done else "", pieces=done),)


def _check(outbound: Outbound) -> None:
    """Limits are said while somebody writes; what comes here too long all the same is not sent in part.

    Raises:
        Permanent: it does not fit.
    """
    if len(outbound.text.strip()) > (CAPABILITIES.max_length or 0):
        raise Permanent("It is too long for Slack, which takes 4,000 characters.")
    if any(len(file.content) > CAPABILITIES.files.size for file in outbound.attachments):
        raise Permanent("A file is too large for Slack, which takes 50 MB from us.")


def _place(outbound: Outbound, address: str) -> _Place:
    """A conversation is "channel:time stamp of its thread", or "dm:workspace:person"."""
    facts = dict(outbound.facts)
    kind, _, rest = (outbound.conversation or f"dm:{address}").partition(":")
    if kind == "dm":
        return _Place(facts.get("channel") or rest.rpartition(":")[2], facts.get("thread", ""))
    return _Place(kind, rest)


def _say(slack: Client, place: _Place, outbound: Outbound) -> str:
    said = asked(
        lambda: slack.chat_postMessage(
            channel=place.channel,
            thread_ts=place.thread or None,
            text=escaped(outbound.text.strip()),
            username=outbound.sender.name[:_NAME] or None,
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
        )
    )
    channel, stamp = said.text("channel"), said.text("ts")
    if not channel or not stamp:
        raise provider.unread("Slack")
    return f"{channel}:{stamp}"


def _show(slack: Client, place: _Place, outbound: Outbound) -> str:
    named = [_upload(slack, file) for file in outbound.attachments]
    uploaded: list[dict[str, str | None]] = [
        {"id": one, "title": file.filename} for one, file in zip(named, outbound.attachments, strict=True)
    ]
    channel = place.channel
    if channel.startswith(("U", "W")):
        channel = asked(lambda: slack.conversations_open(users=place.channel), is_read=True).part("channel").text("id")
    asked(
        lambda: slack.files_completeUploadExternal(files=uploaded, channel_id=channel, thread_ts=place.thread or None)
    )
    return f"files:{','.join(named)}"


def _upload(slack: Client, file: Part) -> str:
    """Put the bytes where Slack wants them; its name for them."""
    place = asked(
        lambda: slack.files_getUploadURLExternal(filename=file.filename, length=len(file.content)), is_read=True
    )
    url, named = place.text("upload_url"), place.text("file_id")
    try:
        answer = http.request(
            "POST", url, headers={"Content-Type": file.content_type}, body=file.content, timeout=_UPLOAD_SECONDS
        )
    except http.Refused as error:
        raise Permanent("Slack wants the file at an address we do not go to.") from error
    except http.Unreachable as error:
        raise Retryable("Slack did not take the file in time.") from error
    if answer.status != 200 or not named:
        raise Retryable("Slack did not take the file.")
    return named
