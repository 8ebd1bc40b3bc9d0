"""What Slack's errors mean for a sending; names are of docs.slack.dev/reference/methods/chat.postMessage#errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable, SendError, Uncertain
from channels.provider import seconds_to_wait

_SIGN_IN = frozenset({
    "access_denied", "account_inactive", "invalid_auth", "missing_scope", "no_permission", "not_authed",
    "not_allowed_token_type", "org_login_required", "token_expired", "token_revoked",
})  # fmt: skip
OF_THE_RECIPIENT = {
    "channel_not_found": "Slack knows no such person or channel, or our app is not in it.",
    "user_not_found": "Slack knows no such person in this workspace.",
    "user_disabled": "This person's Slack account is switched off.",
    "not_in_channel": "Our app is not in this channel any more. Invite it there, then send again.",
    "is_archived": "This conversation in Slack is archived.",
    "cannot_dm_bot": "This is a bot, not a person.",
    "messages_tab_disabled": "The Slack app takes no messages. Turn on its Messages tab.",
    "restricted_action": "Our app may not write in this channel. Somebody who runs it can allow that.",
    "msg_too_long": "It is too long for Slack, which takes 4,000 characters.",
}
_LATER = frozenset({"service_unavailable", "team_added_to_org"})
_WAIT = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_MAY_BE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Slack says of these that part of the work may have been done."""
_UNREADABLE = "unreadable_answer"
_LONGEST_WAIT = 3600


def meant(error: SlackApiError) -> SendError:
    """What it means for the whole sending."""
    code, status = name(error), _status(error)
    if code in OF_THE_RECIPIENT:
        return Permanent(OF_THE_RECIPIENT[code], code=code)
    if code in _SIGN_IN or status in {401, 403}:
        return AuthExpired("Slack refused the sign-in of the app. Install it again and enter its token.", code=code)
    if code in _WAIT or status == 429:
        return RateLimited("Slack asks us to wait.", code=code, retry_after=_seconds(error))
    if code in _LATER or status == 503:
        return Retryable("Slack is out of order.", code=code)
    if code in _MAY_BE_DONE or code == _UNREADABLE or status >= 500:
        return Uncertain("Slack broke off.", code=code)
    return Permanent(f"Slack refused it: {code}.", code=code)


def name(error: SlackApiError) -> str:
    said = _said(error)
    found = str(said.get("error", ""))
    return found if found.replace("_", "").isalnum() and len(found) < 60 else _UNREADABLE


def _said(error: SlackApiError) -> Mapping[str, Any]:
    """The kit gives its own answer, or the bare parts of one it could not read."""
    data = getattr(error.response, "data", error.response)
    return data if isinstance(data, dict) else {}


def _status(error: SlackApiError) -> int:
    status = getattr(error.response, "status_code", None) or _said(error).get("status", 0)
    return int(status) if isinstance(status, int) else 0


def _seconds(error: SlackApiError) -> float:
    """Of Retry-After (docs.slack.dev/apis/web-api/rate-limits); header names come in small letters."""
    headers = getattr(error.response, "headers", None) or _said(error).get("headers", {})
    said = seconds_to_wait(headers) if isinstance(headers, Mapping) else None
    return min(max(said or 1, 1), _LONGEST_WAIT)
