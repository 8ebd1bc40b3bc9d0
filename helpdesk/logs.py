"""Logs: one JSON object a line, with ids and kinds, never bodies, addresses or secrets."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_ALLOWED = frozenset(
    (
        *("request_id", "method", "path", "status", "ms", "state", "code", "where", "kind", "bytes", "exception_type"),
        *("ticket", "delivery", "inbound", "channel", "agent", "job", "attempt", "count", "seconds", "table"),
    )
)
"""What a line may carry beside what happened, where and when; everything else is dropped, so that nothing private slips
in by accident."""

_OURS = frozenset({"helpdesk", "channels", "sla"})

_bound: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)


def configure(*, process: str) -> None:
    """Send every record of this process, ours and libraries', to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Line(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("procrastinate", "apscheduler", "imapclient", "mail.log", "urllib3", "werkzeug", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def bind(**known: Any) -> None:
    """What every line of this thread carries from here on, until it is bound anew."""
    _bound.set(known)


class _Line(logging.Formatter):
    """One record as one line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        told = (_bound.get() or {}) | record.__dict__ | _failure(record)
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self._process,
            "event": _event(record),
        }
        return json.dumps(line | {key: told[key] for key in _ALLOWED & told.keys()}, default=repr)


def _event(record: logging.LogRecord) -> str:
    """A library's own sentence may quote anything: keep who spoke, not what was said."""
    return record.getMessage() if record.name.partition(".")[0] in _OURS else "library_message"


def _failure(record: logging.LogRecord) -> dict[str, str]:
    """An exception leaves its type and the last lines of code it passed, without values."""
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    frames = []
    trace = record.exc_info[2]
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return {"exception_type": type(record.exc_info[1]).__name__, "where": " < ".join(reversed(frames[-6:]))}
