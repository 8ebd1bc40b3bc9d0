"""Logs: one JSON object a line, with ids and kinds, never bodies, addresses or secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_ALLOWED = frozenset(
    (
        *("event", "level", "timestamp", "logger", "process", "pid", "request_id", "method", "path", "status", "ms"),
        *("ticket", "message", "delivery", "inbound", "channel", "agent", "job", "attempt", "count", "seconds"),
        *("state", "code", "where", "kind", "bytes", "exception_type"),
    )
)
"""Keys a log line may carry; everything else is dropped, so that nothing private slips in by accident."""

_OURS = frozenset({"helpdesk", "channels", "sla"})


def configure(*, process: str) -> None:
    """Send every record of this process, ours and libraries', to standard output as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _foreign],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _where_it_failed,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("procrastinate", "apscheduler", "imapclient", "mail.log", "urllib3", "werkzeug", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _foreign(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's own sentence may quote anything: keep who spoke, not what was said."""
    if str(line.get("logger", "")).partition(".")[0] not in _OURS:
        line["event"] = "library_message"
    return line


def _where_it_failed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception leaves its type and the last lines of code it passed, without values."""
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if not info or info[1] is None:
        return line
    frames = []
    trace = info[1].__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    line["exception_type"] = type(info[1]).__name__
    line["where"] = " < ".join(reversed(frames[-6:]))
    return line


def _only_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in line.items() if key in _ALLOWED}
