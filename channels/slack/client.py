"""Slack's client, its requests made by our one way out: checked addresses, a time-out, no retry behind our back."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient

from channels.slack.connection import Connection
from helpdesk import http

TIMEOUT = 10


class Client(WebClient):
    """`WebClient` builds the request and reads the answer; only the line between them is ours."""

    def _perform_urllib_http_request_internal(self, url: str, req: Any) -> dict[str, Any]:
        """The seam of slack_sdk 3 (`slack_sdk.web.base_client`), asked with a complete request.

        Raises:
            NotReached, Unreachable, Refused: as `helpdesk.http` names them.
        """
        body = req.data if isinstance(req.data, bytes) else None
        answer = http.request(req.get_method(), url, headers=dict(req.header_items()), body=body, timeout=self.timeout)
        said = answer.body.decode("utf-8", "replace")
        return {"status": answer.status, "headers": dict(answer.headers), "body": said}


def client(connection: Connection) -> Client:
    """A client that signs in as the bot."""
    return Client(token=connection.bot_token, base_url=f"{connection.base_url}/", timeout=TIMEOUT, retry_handlers=[])
