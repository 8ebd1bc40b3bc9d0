"""Direct messages of the product's own: pages with buttons, codes, and what is said back to a press.

`chat.postMessage` with a user id as `channel` writes to that person's conversation with the app
(docs.slack.dev/reference/methods/chat.postMessage); it answers with the conversation and the time stamp `ts`, by which
`chat.update` puts other words in its place. Nothing makes a second request harmless, so one that broke off is
`Uncertain`.
"""

from __future__ import annotations

from channels.adapter import Outbound, Outcome, Permanent, Result
from channels.slack import blocks, failures
from channels.slack.asking import asked
from channels.slack.client import Client


def send(slack: Client, outbound: Outbound, address: str) -> Result:
    """Write to one person, or in the place of a message of ours.

    Raises:
        SendError: as `channels.adapter` names them.
    """
    text, drawn = blocks.plain(outbound), blocks.of(outbound)
    place, _, stamp = outbound.replaces.partition(":")
    try:
        if stamp:
            asked(lambda: slack.chat_update(channel=place, ts=stamp, text=text, blocks=drawn))
            return Result(address, Outcome.ACCEPTED)
        said = asked(
            lambda: slack.chat_postMessage(
                channel=address, text=text, blocks=drawn, unfurl_links=False, unfurl_media=False
            )
        )
    except Permanent as error:
        if error.code not in failures.OF_THE_RECIPIENT:
            raise
        return Result(address, Outcome.REFUSED, error.code, error.reason)
    return Result(address, Outcome.ACCEPTED, external_id=f"{said.text('channel')}:{said.text('ts')}")
