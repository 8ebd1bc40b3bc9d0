"""The sidebar's ways to what waits for a decision outside of tickets; each is there while there is a reason."""

from __future__ import annotations

from flask import render_template, request

from channels import heard, undecided
from channels.web import heard as heardpages
from channels.web import quarantine


def links() -> str:
    found = undecided.counts()
    told = f"{heard.MOST - 1}+" if found.posts is not None and found.posts >= heard.MOST else found.posts
    pages = (
        (found.posts is not None, "heard/_link.html", heardpages.HERE, told),
        (found.mails > 0, "settings/quarantine/_link.html", quarantine.HERE, found.mails),
    )
    shown = [(name, path, count) for is_shown, name, path, count in pages if is_shown]
    return "".join(render_template(name, count=count, here=request.path == path) for name, path, count in shown)
