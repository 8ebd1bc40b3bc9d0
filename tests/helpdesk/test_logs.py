"""Log lines: JSON, one a line, and nothing private in them whoever speaks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from helpdesk import logs

Lines = Callable[[], list[dict]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Configure as a process does; what it wrote so far."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, structlog.get_config(), structlog.contextvars.get_contextvars())
    structlog.contextvars.clear_contextvars()
    logs.configure(process="web")
    written = io.StringIO()
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], config = before[0], before[2]
    root.setLevel(before[1])
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**before[3])


class TestLines:
    def test_say_what_happened_where_and_when(self, lines: Lines) -> None:
        structlog.get_logger("helpdesk.trial").info("delivered", delivery=7, ms=12.5)
        [line] = lines()
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "delivered", "delivery": 7, "ms": 12.5, "level": "info", "logger": "helpdesk.trial", "process": "web"
        }  # fmt: skip

    def test_of_the_plain_logger_are_the_same(self, lines: Lines) -> None:
        logging.getLogger("channels.trial").warning("mailbox_away", extra={"channel": 3, "address": "olive@x.example"})
        [line] = lines()
        assert (line["event"], line["level"], line["channel"]) == ("mailbox_away", "warning", 3)
        assert "olive" not in json.dumps(line)

    @pytest.mark.parametrize("key", ["body", "subject", "address", "password", "token", "url", "to", "exception"])
    def test_carry_no_key_that_was_not_agreed_on(self, lines: Lines, key: str) -> None:
        structlog.get_logger("helpdesk.trial").info("filed", **{key: "private words", "inbound": 1})
        [line] = lines()
        assert "private words" not in json.dumps(line)
        assert line["inbound"] == 1

    def test_carry_what_was_bound_to_the_request(self, lines: Lines) -> None:
        with structlog.contextvars.bound_contextvars(request_id="abc", email="olive@x.example"):
            logging.getLogger("helpdesk.trial").info("request")
        [line] = lines()
        assert line["request_id"] == "abc"
        assert "olive" not in json.dumps(line)

    def test_stay_one_line_whatever_is_in_them(self, lines: Lines) -> None:
        structlog.get_logger("helpdesk.trial").info("kind", kind='two\nlines "and" \x1b[31m more\u2028')
        [line] = lines()
        assert line["kind"] == 'two\nlines "and" \x1b[31m more\u2028'


class TestLibraries:
    @pytest.mark.parametrize(
        "name", ["urllib3.connectionpool", "gunicorn.error", "slack_sdk.web", "channels_redis", ""]
    )
    def test_are_named_and_not_quoted(self, lines: Lines, name: str) -> None:
        logging.getLogger(name).error("GET https://x.example/?token=%s failed", "secret")
        [line] = lines()
        assert line["event"] == "library_message"
        assert "secret" not in json.dumps(line)

    def test_chatter_is_left_out(self, lines: Lines) -> None:
        logging.getLogger("imapclient").info("> LOGIN olive secret")
        logging.getLogger("urllib3").debug("Starting new connection")
        assert lines() == []


class TestExceptions:
    def failing(self) -> None:
        raise ValueError("olive@x.example wrote: secret")

    @pytest.mark.parametrize("logger", [logging.getLogger("helpdesk.trial"), structlog.get_logger("helpdesk.trial")])
    def test_leave_their_type_and_the_way_they_came_but_no_words(self, lines: Lines, logger) -> None:
        try:
            self.failing()
        except ValueError:
            logger.exception("job_failed")
        [line] = lines()
        assert (line["event"], line["exception_type"]) == ("job_failed", "ValueError")
        assert line["where"].startswith("test_logs.py:")
        assert ":failing < test_logs.py:" in line["where"]
        assert "secret" not in json.dumps(line)
        assert "olive" not in json.dumps(line)

    def test_of_a_deep_fall_show_the_bottom(self, lines: Lines) -> None:
        def fall(depth: int) -> None:
            if depth:
                fall(depth - 1)
            raise RuntimeError

        try:
            fall(50)
        except RuntimeError:
            logging.getLogger("helpdesk.trial").exception("fell")
        [line] = lines()
        assert line["where"].count(":fall") == 6

    def test_asked_for_where_there_is_none_is_no_trouble(self, lines: Lines) -> None:
        logging.getLogger("helpdesk.trial").error("odd", exc_info=True)  # noqa: LOG014 - that is the point
        [line] = lines()
        assert "exception_type" not in line
