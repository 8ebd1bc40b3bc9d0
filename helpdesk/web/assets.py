"""Where the built front end lives: the manifest, and the template helpers that name its files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from helpdesk.now import now
from helpdesk.text.initials import initials, tint
from helpdesk.text.timeleft import when
from helpdesk.web.drawing import bars
from helpdesk.web.shown import show

PREFIX = "/static/dist/"

CHANNEL_ICONS = {
    "email": "mail", "chat": "message-circle", "phone": "phone", "device": "radio-tower", "portal": "panel-top",
    "forum": "messages-square", "slack": "hash", "x": "x-social", "facebook": "page-social", "form": "panel-top",
    "telegram": "send", "messenger": "message-circle", "instagram": "image", "whatsapp": "phone",
    "feed": "rss", "discourse": "messages-square", "mastodon": "hash", "bluesky": "cloud",
}  # fmt: skip
CHANNEL_WORDS = {
    "x": "X", "facebook": "Facebook", "slack": "Slack", "telegram": "Telegram",
    "messenger": "Messenger", "instagram": "Instagram", "whatsapp": "WhatsApp",
    "discourse": "Discourse", "mastodon": "Mastodon", "bluesky": "Bluesky",
}  # fmt: skip
"""Channels whose name is not their kind in small letters."""


class NotBuilt(RuntimeError):
    """The front end was not built, or a template names a file the build does not make."""


@dataclass(slots=True)
class Assets:
    """The files of one build by their plain names. With `reload` every change of the manifest is seen at once."""

    folder: Path
    reload: bool = False
    _named: dict[str, str] = field(default_factory=dict)
    _read_at: int = 0
    _icons: dict[tuple[str, str, str], Markup] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The address of a built file: `url("app.css")` is /static/dist/app.<hash>.css."""
        try:
            return PREFIX + self._manifest()[name]
        except KeyError:
            raise NotBuilt(f"The front end has no file named {name}.") from None

    def icon(self, name: str, size: str = "", classes: str = "") -> Markup:
        """An outline from the sprite, hidden from assistive technology; `size` is "", "sm", "lg" or "xl"."""
        drawn = None if self.reload else self._icons.get((name, size, classes))
        if drawn is None:
            drawn = self._icons[name, size, classes] = self._draw(name, size, classes)
        return drawn

    def _draw(self, name: str, size: str, classes: str) -> Markup:
        scale = f" icon--{size}" if size else ""
        extra = f" {classes}" if classes else ""
        return Markup('<svg class="icon{}{}" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(
            scale, extra, self.url("icons.svg"), name
        )

    def _manifest(self) -> dict[str, str]:
        if self._named and not self.reload:
            return self._named
        path = self.folder / "manifest.json"
        try:
            changed = path.stat().st_mtime_ns
            if changed != self._read_at:
                self._named, self._read_at = json.loads(path.read_text()), changed
        except FileNotFoundError:
            raise NotBuilt("The front end is not built. Run `npm ci` and `npm run build` in frontend/.") from None
        return self._named


def install(app: Flask, folder: Path) -> Assets:
    """Give templates the helpers that macros.html uses."""
    assets = Assets(folder, reload=app.debug)
    app.jinja_env.globals.update(
        asset=assets.url, icon=assets.icon, initials=initials, tint=tint, now=now, show=show, when=when,
        ms=milliseconds, bars=bars, CHANNEL_ICONS=CHANNEL_ICONS, CHANNEL_WORDS=CHANNEL_WORDS,
    )  # fmt: skip
    return assets


def milliseconds(instant: datetime) -> int:
    """An instant as the browser counts it."""
    return int(instant.timestamp() * 1000)
