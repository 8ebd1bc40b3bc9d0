"""Telegram as if it had a window of a day to answer in, as providers of its kind have: the rule without the provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from channels.capabilities import Capabilities, Talk
from channels.telegram.adapter import TelegramAdapter


class WindowedAdapter(TelegramAdapter):
    def capabilities(self, talk: Talk) -> Capabilities:
        until = talk.last_inbound_at + timedelta(hours=24) if talk.last_inbound_at else None
        return replace(super().capabilities(talk), reply_window_until=until)
