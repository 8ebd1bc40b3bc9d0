"""The inside of a rail as markup: numbers only, so it is put together without escaping."""

from __future__ import annotations

from markupsafe import Markup

from helpdesk.web.rails import Geometry


def bars(geometry: Geometry) -> Markup:
    """Track, what is left or over, gaps, the ring where it is due and the stroke of now."""
    drawn = f'<rect class="track" x="0" y="5" width="{geometry.track}%" height="2" rx="1"/>'
    for name, bar in (("rest", geometry.rest), ("over", geometry.over)):
        if bar is not None:
            drawn += f'<rect class="{name}" x="{bar.x}%" y="4" width="{bar.width}%" height="4" rx="2"/>'
    for gap in geometry.gaps:
        drawn += f'<rect class="gap" x="{gap.x}%" y="0" width="{gap.width}%" height="12"/>'
        drawn += f'<rect class="asleep" x="{gap.x}%" y="2" width="{gap.width}%" height="8"/>'
    drawn += f'<circle class="cap" cx="{geometry.cap}%" cy="6" r="3"/>'
    if geometry.now is not None:
        drawn += f'<rect class="now" x="{geometry.now}%" y="0" width="1.5" height="12" rx=".75"/>'
    return Markup(drawn)  # noqa: S704 - tags of ours and numbers
