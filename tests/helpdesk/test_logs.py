"""Log lines: JSON, one a line, and nothing private in them whoever speaks."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from helpdesk import logs

Lines = Callable[[], list[dict]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Configure as a process does; what it wrote so far."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    logs.bind()
    logs.configure(process="web")
    written = io.StringIO()
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logs.bind()


class TestLines:
    def test_say_what_happened_where_and_when(self, lines: Lines) -> None:
        logging.getLogger("helpdesk.trial").info("delivered", extra={"delivery": 7, "ms": 12.5})
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
        logging.getLogger("helpdesk.trial").info("filed", extra={key: "private words", "inbound": 1})
        [line] = lines()
        assert "private words" not in json.dumps(line)
        assert line["inbound"] == 1

    def test_carry_what_was_bound_to_the_request(self, lines: Lines) -> None:
        logs.bind(request_id="abc", email="olive@x.example")
        logging.getLogger("helpdesk.trial").info("request")
        logs.bind(request_id="def")
        logging.getLogger("helpdesk.trial").info("request")
        first, second = lines()
        assert (first["request_id"], second["request_id"]) == ("abc", "def")
        assert "olive" not in json.dumps(first)

    def test_of_a_thread_say_the_process_and_nothing_of_another_thread_s_request(self, lines: Lines) -> None:
        logs.bind(request_id="abc")
        thread = threading.Thread(target=lambda: logging.getLogger("channels.trial").info("polled"))
        thread.start()
        thread.join()
        [line] = lines()
        assert line["process"] == "web"
        assert "request_id" not in line

    def test_stay_one_line_whatever_is_in_them(self, lines: Lines) -> None:
        logging.getLogger("helpdesk.trial").info("kind", extra={"kind": 'two\nlines "and" \x1b[31m more\u2028'})
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

    def test_leave_their_type_and_the_way_they_came_but_no_words(self, lines: Lines) -> None:
        try:
            self.failing()
        except ValueError:
            logging.getLogger("helpdesk.trial").exception("job_failed")
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
