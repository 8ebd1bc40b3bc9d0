"""RSS and Atom: one feed, asked for only if it changed (RFC 9110, 13.1). A feed does not tell what was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from channels.doors import Form, Json
from channels.observe.asking import get
from channels.observe.connection import Connection
from channels.observe.looking import Found, Told
from channels.observe.parsing import entries
from channels.observe.source import CLOCK, EVERY, NAME_HINT, Said, SourceAdapter, instant, web_address
from channels.payloads import Payload

_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9"


class FeedAdapter(SourceAdapter):
    """A feed. Who wrote an entry is a name without a proof, so it stands for nobody we may know."""

    kind = "feed"
    said = "in a feed"
    form = Form(
        title="feed (RSS or Atom)",
        intro="What is written in a feed is listed under Heard elsewhere. It is only read: nothing can be said there.",
        icon="rss",
        address_label="Feed",
        address_hint="Its whole address, such as https://example.com/feed.xml.",
        fields=(EVERY, CLOCK),
        is_answered=False,
        name_hint=NAME_HINT,
        known_by_name=True,
    )

    def latest(self, connection: Connection, marks: Json) -> Found:
        headers = {"Accept": _ACCEPT}
        if marks.get("etag"):
            headers["If-None-Match"] = str(marks["etag"])
        if marks.get("modified"):
            headers["If-Modified-Since"] = str(marks["modified"])
        answer = get(connection.address, headers)
        if answer.is_same:
            return Found(marks=marks)
        told = entries(answer.body, answer.content_type, answer.url)
        return Found(told, {"etag": answer.etag, "modified": answer.modified})

    def again(self, connection: Connection, names: Sequence[str]) -> Iterable[Told]:  # noqa: ARG002 - no such question
        return ()

    def tell(self, post: Payload, at: str) -> Said:  # noqa: ARG002 - entries name their own addresses
        return Said(
            url=post.text("url"),
            title=post.text("title"),
            html=post.text("html"),
            author_name=post.text("author"),
            posted_at=instant(post.text("posted")),
        )

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        if web_address(values.get("address", "")):
            return {}
        return {"address": "Enter the whole address of the feed, such as https://example.com/feed.xml."}
