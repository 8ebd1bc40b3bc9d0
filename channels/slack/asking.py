"""One call of a method of Slack's, and what becomes of it: its answer, or what its failure means."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from channels import provider
from channels.provider import Answer
from channels.slack import failures


def asked(ask: Callable[[], SlackResponse], *, is_read: bool = False) -> Answer:
    """What a call answers. `is_read` ones may be made twice, so a cut is no doubt about anything.

    Raises:
        SendError: as `channels.adapter` names them.
    """
    return content(answer(ask, is_read=is_read), is_read=is_read)


def content(said: SlackResponse, *, is_read: bool = False) -> Answer:
    return Answer(said.data if isinstance(said.data, dict) else {}, "Slack", is_read=is_read)


def answer(ask: Callable[[], SlackResponse], *, is_read: bool = False) -> SlackResponse:
    """The same with its headers, whose names are in small letters.

    Raises:
        SendError: as `channels.adapter` names them.
    """
    with provider.asked("Slack", is_read=is_read):
        try:
            return ask()
        except SlackApiError as error:
            raise failures.meant(error) from error
        except ValueError as error:
            raise provider.unread("Slack") from error
