"""What a storm of calls begins with: a channel of every kind that is called, each at its provider on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.channels import lines
from tests.channels.contract import metas
from tests.channels.planting import planted
from tests.fakes import graph, slack, telegram, twilio, x
from tests.fakes.graph import Graph
from tests.fakes.slack import Slack
from tests.fakes.telegram import Telegram
from tests.fakes.twilio import Twilio
from tests.fakes.x import X

KEYS = {
    "messenger": "stormofmessenger",
    "instagram": "stormofinstagram",
    "whatsapp": "stormofwhatsapp",
    "slack": "stormofslack",
    "telegram": "stormoftelegram",
    "phone": lines.KEY,
    "x": "stormofx",
}
"""Where the provider of each kind calls."""
HOOK_SECRET = "a-secret-of-the-hook_0123456789"
_META = {"token": graph.TOKEN, "app_secret": graph.APP_SECRET, "verify_token": graph.VERIFY_TOKEN}
_SECRETS = {
    "messenger": _META,
    "instagram": _META,
    "whatsapp": _META,
    "slack": {"bot_token": slack.BOT_TOKEN, "signing_secret": slack.SIGNING_SECRET},
    "telegram": {"token": telegram.TOKEN, "hook_secret": HOOK_SECRET},
    "phone": {"token": twilio.TOKEN},
    "x": {
        "api_key": x.API_KEY,
        "api_secret": x.API_SECRET,
        "access_token": x.ACCESS_TOKEN,
        "access_secret": x.ACCESS_SECRET,
    },
}
ADDRESSES = {
    **metas.ADDRESSES,
    "slack": "meridian.slack.com",
    "telegram": f"@{telegram.USERNAME}",
    "phone": twilio.NUMBER,
    "x": f"@{x.USERNAME}",
}
SECRETS = sorted({secret for named in _SECRETS.values() for secret in named.values()})
"""None of them may leave the product by the door where calls come in, nor by its log."""


@contextmanager
def providers() -> Iterator[dict[str, str]]:
    """The base URL of each kind's provider, which answers until the block ends."""
    with ExitStack() as stack:
        meta = stack.enter_context(Graph()).url
        yield {
            "messenger": meta,
            "instagram": meta,
            "whatsapp": meta,
            "slack": stack.enter_context(Slack()).url,
            "telegram": stack.enter_context(Telegram()).url,
            "phone": stack.enter_context(Twilio()).url,
            "x": stack.enter_context(X()).url,
        }


def plant(urls: Mapping[str, str]) -> None:
    """One channel of each kind, in the first brand."""
    for kind, url in urls.items():
        config = {"base_url": url, **_CONFIGS.get(kind, {})}
        planted(kind, ADDRESSES[kind], config, _SECRETS[kind], key=KEYS[kind], name=f"Meridian by {kind}")


_CONFIGS = {
    "whatsapp": {"number_id": graph.NUMBER_ID, "business": graph.BUSINESS},
    "slack": {"incoming": "webhook", "takes": "direct", "members": "customers"},
    "telegram": {"incoming": "webhook"},
    "phone": {"account": twilio.ACCOUNT},
    "x": {"incoming": "both", "reads": "both"},
}
