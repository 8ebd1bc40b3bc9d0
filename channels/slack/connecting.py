"""How a workspace is connected: the form, what can be wrong in it, and a test that writes to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from channels.adapter import AuthExpired, Permanent, SendError
from channels.doors import Field, Form, Step
from channels.payloads import Payload
from channels.slack import choosing, line
from channels.slack.asking import answer, content
from channels.slack.client import client
from channels.slack.connection import APP, BOT, SIGNING, SLACK, Connection

SCOPES = (
    "app_mentions:read", "channels:history", "chat:write", "chat:write.customize", "commands", "files:read",
    "files:write", "groups:history", "im:history", "im:write", "mpim:history", "reactions:read", "users:read",
)  # fmt: skip
"""What the bot may do; docs.slack.dev/reference/scopes."""
_WORKSPACE = re.compile(r"[a-z0-9-]{1,80}(\.enterprise)?\.slack(-gov)?\.com\Z")
_CHANNEL = re.compile(r"[CG](?=[A-Z0-9]*[0-9])[A-Z0-9]{7,20}\Z")
_PREFIX = {BOT: "xoxb-", APP: "xapp-"}

FORM = Form(
    title="Slack workspace",
    intro="Customers write to an app of yours or mention it, and answers go back there. Who is on call is paged by it.",
    icon="hash",
    address_label="Workspace",
    address_hint="Its address, such as meridian.slack.com.",
    fields=(
        Field(BOT, "Bot token", "At api.slack.com: OAuth & Permissions of your app. Begins with xoxb-.", secret=True),
        Field(
            "incoming",
            "How messages come in",
            "A line works from everywhere. Calls need this server to be reachable from outside.",
            choices=(("stream", "On a line that we open (Socket Mode)"), ("webhook", "Slack calls us")),
            preset="stream",
        ),
        Field(
            APP, "App token", "For the line: Basic Information, App-Level Tokens. It begins with xapp-.",
            secret=True, optional=True, needed_with=("incoming", "stream"),
        ),
        Field(
            SIGNING, "Signing secret", "For calls: Basic Information. It proves that they come from Slack.",
            secret=True, optional=True, needed_with=("incoming", "webhook"),
        ),
        Field(
            "takes", "What becomes a ticket", "Answers in a thread that is a ticket always join it.",
            choices=choosing.TAKES, preset="direct",
        ),
        Field(
            "channels",
            "Channels",
            "IDs such as C024BE91L, which Slack shows below a channel's details. None: all that the app is in.",
            optional=True,
        ),
        Field(
            "members", "People of this workspace are", "What our own people write in a thread is shown as ours.",
            choices=choosing.MEMBERS, preset="customers",
        ),
        Field(
            "base_url", "Slack's address", "Leave it as it is, unless yours is GovSlack: https://slack-gov.com/api.",
            preset=SLACK, is_url=True,
        ),
    ),
    elsewhere=frozenset({"base_url"}),
)  # fmt: skip


def check_form(values: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = {}
    if not _WORKSPACE.match(values.get("address", "").lower()):
        errors["address"] = "Enter the workspace, such as meridian.slack.com."
    for name, prefix in _PREFIX.items():
        if secrets.get(name) and not secrets[name].startswith(prefix):
            errors[name] = f"It begins with {prefix}."
    if not all(_CHANNEL.match(one) for one in choosing.channels(values.get("channels", ""))):
        errors["channels"] = "Enter IDs such as C024BE91L, with commas between them."
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Is the token right, is it this workspace's, may it do what is needed, and how does Slack tell us."""
    words = "Slack answers"
    try:
        me, granted = _whoami(connection)
        yield Step(words, ok=True, sentence="Slack answered and knows the token of the bot.")
        words = "The right workspace"
        yield Step(words, ok=True, sentence=_owner(connection, me))
        words = "Permissions"
        yield Step(words, ok=True, sentence=_permissions(granted))
        words = "The way in"
        yield Step(words, ok=True, sentence=_way_in(connection))
    except SendError as error:
        yield Step(words, ok=False, sentence=error.reason)


def arrange(connection: Connection) -> str:
    """See that the token is this workspace's: that of another would mix their conversations.

    Raises:
        SendError: it is another's, or nobody's.
    """
    me, _ = _whoami(connection)
    _owner(connection, me)
    return "Slack tells us on a line of ours." if connection.by_socket else "Slack calls us when something comes in."


def _whoami(connection: Connection) -> tuple[Payload, str]:
    """docs.slack.dev/reference/methods/auth.test, and the scopes of the token, which come in a header."""
    said = answer(client(connection).auth_test, is_read=True)
    return content(said, is_read=True), str(said.headers.get("x-oauth-scopes", ""))


def _owner(connection: Connection, me: Payload) -> str:
    found = me.text("url").removeprefix("https://").strip("/").lower()
    if found != connection.workspace:
        raise AuthExpired(f"The token belongs to {found[:80] or 'another workspace'}, not to {connection.workspace}.")
    return f"The token belongs to {found}, where the app is called {me.text('user')[:80]}."


def _permissions(granted: str) -> str:
    """Raises:
    Permanent: some are missing.
    """
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if missing:
        raise Permanent(f"The app lacks {', '.join(missing)}. Add them in Slack, and install the app again.")
    return "The app may do all that is needed."


def _way_in(connection: Connection) -> str:
    if connection.by_socket:
        line.address(connection)
        return "Slack knows the app token and gives us a line."
    return "Enter our address in Slack: Event Subscriptions, Interactivity, and the command."
