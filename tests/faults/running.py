"""`python -m tests.faults.running`: the product under its own supervisor, in a `var` of its own, to be killed at will.

Differs from `python -m helpdesk.supervisor` in five things: restarts never pause longer than a second, the
application is that of `tests.faults.product`, each program leaves its pid in `var/pids`, nothing is warmed up but where
answers are timed, and a scene may ask for more programs. Where promises are to ring
somebody, and where reports are mailed, there is a second worker that may lead. Where promises only fall due, and where
reports are mailed, another candidate stands for leader, and one more process looks for them without being elected, as a
leader does that was cut off from its lock and has not noticed.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask

from helpdesk import database, keeping, supervisor, warming
from helpdesk.keeping import Keeper, run_once
from helpdesk.processes import Program
from helpdesk.settings import Settings, settings
from sla.commitments import sweep
from tests.faults import reported, scene
from tests.faults.product import create_app


def main() -> None:
    keeping.LONGEST_PAUSE = 1.0
    chosen = settings()
    with (
        supervisor.listening(chosen.host, chosen.port, "HELPDESK_PORT") as web,
        database.start(chosen.var, pg_bin=chosen.pg_bin) as server,
    ):
        app = create_app()
        supervisor.prepare(chosen, app, server.url)
        if run_once(Program("scene", ("scene",), entry=partial(scene.load, app)), supervisor.say) != 0:
            sys.exit("The scene could not be set.")
        if scene.chosen().called:
            warming.warm(app)
        (chosen.var / "pids").mkdir(exist_ok=True)
        watch = supervisor.Watch(server, announce=_ready, host=chosen.host, port=web.getsockname()[1])
        programs = [_noted(program, chosen) for program in [*_programs(app, web.fileno()), *_rivals(app)]]
        Keeper(programs, say=supervisor.say, watch=watch, spared=watch.spared, grace=5).keep()


def _programs(app: Flask, web: int) -> list[Program]:
    """Those of the product; where the scene wants it, a second worker that may lead as well."""
    programs = list(supervisor.programs(app, web))
    if scene.chosen().has_second:
        programs.append(replace(programs[-1], name="second"))
    return programs


def _rivals(app: Flask) -> list[Program]:
    """Another candidate, and one that does as a leader does without being elected."""
    chosen = scene.chosen()
    unelected = (
        {"sweeper": sweep.tick} if chosen.falling else {"ticker": reported.fall_due_twice} if chosen.reported else {}
    )
    rivals = [Program(name, (name,), entry=partial(_again, app, tick)) for name, tick in unelected.items()]
    return [supervisor.flask_command(app, "scheduler"), *rivals] if rivals else []


def _again(app: Flask, tick: Callable[[], object]) -> None:
    while True:
        with app.app_context():
            tick()
        time.sleep(1)


def _noted(program: Program, chosen: Settings) -> Program:
    assert program.entry is not None
    return replace(program, entry=partial(_note_and_run, chosen.var / "pids" / program.name, program.entry))


def _note_and_run(note: Path, entry: Callable[[], object]) -> None:
    unfinished = note.with_suffix(".new")
    unfinished.write_text(str(os.getpid()))
    unfinished.replace(note)
    faulthandler.register(signal.SIGUSR1)  # `kill -USR1` shows where every thread stands
    entry()


def _ready() -> None:
    print("ready", flush=True)


if __name__ == "__main__":
    main()
