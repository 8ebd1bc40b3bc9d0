"""Reactions: Slack tells their names; the usual ones are shown as signs."""

from __future__ import annotations

_SIGNS = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤️", "tada": "🎉", "eyes": "👀",
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "pray": "🙏", "raised_hands": "🙌", "clap": "👏",
    "ok_hand": "👌", "joy": "😂", "smile": "😄", "slightly_smiling_face": "🙂", "cry": "😢", "sob": "😭", "wave": "👋",
    "rocket": "🚀", "fire": "🔥", "100": "💯", "warning": "⚠️", "hourglass": "⌛", "question": "❓", "rage": "😡",
}  # fmt: skip
_LONGEST = 14


def sign(name: str) -> str:
    """What is shown for it: the sign, or its name between colons, cut where it is long."""
    plain = name.partition("::")[0]  # a tone of skin
    return _SIGNS.get(plain) or f":{plain[:_LONGEST]}:"
