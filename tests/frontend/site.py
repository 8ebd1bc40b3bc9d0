"""A small site of our templates and built files under the product's content policy, for tests in a real browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template, render_template_string, request, send_from_directory
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from helpdesk.text.promised import Promised, Segment, State
from helpdesk.web.assets import install

ROOT = Path(__file__).parents[2]
CHICAGO = ZoneInfo("America/Chicago")
AT = datetime(2026, 10, 15, 21, 42, tzinfo=UTC)
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)


@dataclass(frozen=True)
class View:
    key: str
    label: str
    icon: str
    url: str
    count: int | None
    current: bool = False


@dataclass(frozen=True)
class Person:
    id: int
    name: str


def promise(used: float, hours: float, **more: object) -> Promised:
    """A promise of which the share `used` is gone and `hours` remain."""
    start = AT - timedelta(hours=hours * used / (1 - used))
    return Promised(start=start, due=AT + timedelta(hours=hours), **more)  # type: ignore[arg-type]


def asleep(whole: Promised, share: float, width: float) -> tuple[Segment, ...]:
    length = whole.due - whole.start
    return (Segment(whole.start + length * share, whole.start + length * (share + width)),)


def past(minutes: int) -> Promised:
    due = AT - timedelta(minutes=minutes)
    return Promised(start=due - timedelta(minutes=70), due=due)


VIEWS = [
    View("next", "Next up", "inbox", "/inbox/next", 12, current=True),
    View("mine", "Mine", "user-round", "/inbox/mine", 9),
    View("unassigned", "Unassigned", "circle-dashed", "/inbox/unassigned", 4),
    View("snoozed", "Snoozed", "alarm-clock", "/inbox/snoozed", 6),
    View("done", "Done", "circle-check", "/inbox/done", None),
]


@dataclass(frozen=True)
class Row:
    number: int
    name: str
    place: str
    subject: str
    group: str
    promise: Promised
    unread: bool = False
    current: bool = False


@dataclass(frozen=True)
class Message:
    id: int
    name: str
    words: str


class World:
    """What the site holds; a test changes it and then tells the open pages."""

    def __init__(self) -> None:
        self.rows = {
            4801: Row(4801, "Owen Brandt", "Osprey Foods", "Re: Blast chiller not reaching setpoint", "past", past(12)),
            4812: Row(
                4812,
                "Priya Nair",
                "Meridian Cold Storage",
                "Walk-in freezer 2 alarm",
                "soon",
                promise(0.63, 88 / 60),
                current=True,
            ),
            4815: Row(
                4815,
                "Lena Kowalski",
                "Calloway Hotels",
                "Kitchen hood: warranty part still on order?",
                "soon",
                promise(0.52, 115 / 60),
                unread=True,
            ),
            4790: Row(
                4790,
                "Sam Boateng",
                "St. Brigid Hospital",
                "Chiller 1 log for the infection audit",
                "later",
                promise(0.22, 190 / 60),
            ),
        }
        self.messages = [
            Message(1, "Priya Nair", "Freezer 2 went into alarm."),
            Message(2, "Priya Nair", "Is he close?"),
        ]
        self.subject = "Walk-in freezer 2 alarm: −11 °C and rising"
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.streams: list[Queue[str]] = []

    def tell(self, kind: str, ticket: int | None, identity: int = 1) -> None:
        """Send a change to every open stream."""
        data = json.dumps({"id": identity, "kind": kind, "ticket": ticket})
        for stream in list(self.streams):
            stream.put(f"event: change\ndata: {data}\n\n")


def live_routes(app: Flask, world: World) -> None:
    """The addresses the behaviours talk to."""

    @app.get("/live")
    def stream() -> Response:
        queue: Queue[str] = Queue()
        world.streams.append(queue)

        def lines() -> Iterator[str]:
            yield ": open\n\n"
            while line := queue.get():
                yield line

        return Response(lines(), mimetype="text/event-stream")

    @app.get("/tickets/<int:number>/row")
    def row(number: int) -> Response | str:
        if number not in world.rows:
            return Response(status=204)
        return render_template("row.html", row=world.rows[number])

    @app.get("/tickets/<int:number>/messages")
    def messages(number: int) -> str:
        after = int(request.args["after"])
        return "".join(render_template("message.html", message=one) for one in world.messages if one.id > after)

    @app.get("/messages/<int:number>")
    def message(number: int) -> str:
        return render_template("message.html", message=next(one for one in world.messages if one.id == number))

    @app.get("/tickets/<int:number>/sides")
    def sides(number: int) -> str:
        return render_template("header.html", subject=world.subject)

    @app.get("/inbox/counts")
    def counts() -> str:
        return f'<span data-count="next">{len(world.rows)}</span>'

    @app.post("/posted/<name>")
    def posted(name: str) -> str:
        world.posted.append((name, request.form.to_dict()))
        return '<li data-message="99"><article class="msg"><p>sent</p></article></li>'

    @app.post("/drafts/<name>")
    def draft(name: str) -> Response:
        world.posted.append((f"draft {name}", request.form.to_dict()))
        return Response(status=204)

    @app.post("/uploads")
    def upload() -> str:
        name = request.files["file"].filename
        world.posted.append(("upload", {"name": name or "", **request.form.to_dict()}))
        return render_template_string(
            '<li class="file">{{ name }}<input type="hidden" name="attachment" value="7">'
            '<button type="button" data-remove aria-label="Remove {{ name }}">x</button></li>',
            name=name,
        )


def create(world: World | None = None) -> Flask:
    world = world or World()
    app = Flask("tests.frontend", template_folder=str(ROOT / "templates"), static_folder=None)
    app.jinja_loader.searchpath.append(str(Path(__file__).parent / "pages"))  # type: ignore[union-attr]
    install(app, ROOT / "static" / "dist")
    app.jinja_env.globals.update(csrf_token=lambda: "token-of-the-test", now=lambda: AT, panels=lambda _slot, **_: [])

    @app.context_processor
    def shell() -> dict[str, object]:
        return {
            "theme": request.args.get("theme", ""),
            "pane": request.args.get("pane", ""),
            "views": VIEWS,
            "AT": AT,
            "brand_name": "Halden Mechanical",
            "current_agent": Person(7, "Maya Okafor"),
            "zone": CHICAGO,
            "rows": list(world.rows.values()),
            "messages": world.messages,
            "subject": world.subject,
            "promise": promise,
            "asleep": asleep,
            "past": past,
            "State": State,
            "timedelta": timedelta,
            "Promised": Promised,
        }

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    @app.get("/static/dist/<path:name>")
    def built(name: str) -> Response:
        return send_from_directory(ROOT / "static" / "dist", name)

    @app.get("/pages/<name>")
    def page(name: str) -> str:
        return render_template(f"{name}.html")

    @app.get("/error/<int:status>")
    def error(status: int) -> str:
        return render_template(f"errors/{status}.html")

    @app.get("/reference.css")
    def reference() -> Response:
        return send_from_directory(Path(__file__).parent, "reference.css")

    live_routes(app, world)
    return app


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Keep the terminal for the tests."""


class Served:
    """The site on a free port of the loopback, in a thread, until closed."""

    def __init__(self) -> None:
        self.world = World()
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, create(self.world), threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for stream in self.world.streams:
            stream.put("")
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
