"""Events, jobs and commits: every name on one side is known on the other, and only edges commit."""

from __future__ import annotations

import ast
import re
from collections import Counter

from channels.plugin import plugin as channels
from helpdesk.core import plugin as core
from helpdesk.events import KINDS
from helpdesk.plugins import Registry
from sla.plugin import plugin as sla
from tests.architecture.source import calls, modules, templates, words_of

INSTALLED = Registry([core, channels, sla])

EDGES = {
    # people at a screen
    "helpdesk/web/": "a page's form, once it has done its work",
    "channels/web/": "a page's form, once it has done its work",
    "helpdesk/access/entrance.py": "a sign-in that reads too much, ended at the door",
    # commands
    "helpdesk/cli.py": "a command",
    "helpdesk/demo/commands.py": "loading the demo",
    "sla/commands.py": "a command",
    # a transaction that changed nothing
    "helpdesk/db.py": "one that only read, so that what it prepared is kept",
    # work without anybody watching
    "sla/reports/tallying.py": "the days that are added up",
    "sla/money/days.py": "what days of money add up to",
    "sla/volume/counting.py": "what happened, counted a moment later",
    "sla/statements/issuing.py": "a statement nobody has issued",
    "sla/saved/sending.py": "mails of reports that fell due, each a row; one mail",
    "sla/reports/outlook.py": "what is expected of the next day",
    "helpdesk/ticking.py": "what the scheduler calls for the core",
    "helpdesk/access/sweeping.py": "what the scheduler calls for access",
    "channels/intake.py": "raw mail stored; a batch filed",
    "channels/dispatch.py": "a claim; that the content leaves",
    "channels/settling.py": "an outcome",
    "channels/health.py": "how a mailbox is",
    "channels/taking.py": "an answer to a page, given by a button",
    "channels/introducing.py": "a name, or when to ask for it again",
    "channels/fetching.py": "a claim; a file that came, or did not",
    "channels/lasting.py": "faults whose time has come, turned",
    "channels/silence.py": "which channels fell silent, told",
    "channels/continuing.py": "one visitor whose answer goes on by mail",
    "channels/heeding.py": "what the scheduler calls to wait no longer",
    "sla/web": "one request",
    "sla/commitments/sweep.py": "what fell due, judged",
    "sla/commitments/whatif.py": "a batch of tickets replayed with a draft",
    "sla/oncall/watching.py": "the gaps of one rota, told",
    "sla/escalations/running.py": "runs that are due, taken a step further",
    "sla/escalations/paging.py": "pages begun, sent and followed",
    "channels/quarantining.py": "what the scheduler calls to forget discarded mail",
}
"""Where a transaction may end. Operations only flush, so that one commit holds everything that belongs together."""

NOT_A_TRANSACTION = {"helpdesk/jobs.py": "a savepoint"}


class TestCommits:
    def test_happen_at_edges_alone(self):
        found = {path for path, _ in calls("commit")} - set(NOT_A_TRANSACTION)
        elsewhere = {path for path in found if not any(path.startswith(edge) for edge in EDGES)}
        assert not elsewhere

    def test_edges_that_no_longer_commit_are_taken_off_the_list(self):
        found = {path for path, _ in calls("commit")}
        idle = {edge for edge in EDGES if not any(path.startswith(edge) for path in found)}
        assert not idle

    def test_of_a_savepoint_are_what_they_say(self):
        for path in NOT_A_TRANSACTION:
            assert "begin_nested" in ast.unparse(modules()[path])


def recorded() -> dict[str, set[str]]:
    """Event kind -> files that record it, from `events.record(...)` and the announcing helpers around it."""
    kinds: dict[str, set[str]] = {}
    for path, call in [*calls("record", on="events"), *calls("announce")]:
        for kind in words_of(call.args[1]) if len(call.args) > 1 else ():
            kinds.setdefault(kind, set()).add(path)
    return kinds


class TestEvents:
    def test_that_are_recorded_are_documented(self):
        assert set(recorded()) <= set(KINDS)

    def test_that_are_documented_are_recorded(self):
        assert set(KINDS) - set(recorded()) == set()

    def test_that_somebody_reacts_to_exist(self):
        assert {kind for plugin in INSTALLED.plugins for kind in plugin.on} <= set(KINDS)

    def test_are_named_by_a_noun_and_what_happened(self):
        assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind) for kind in KINDS)

    def test_of_templates_and_tables_exist(self):
        named = {
            word
            for text in [*templates().values(), *(ast.unparse(tree) for tree in modules().values())]
            for word in re.findall(r"""["']((?:ticket|message|delivery|note|follower|draft)\.[a-z]+)["']""", text)
        }
        named = {word for word in named if word.partition(".")[2] not in {"id", "sidebar", "pledge", "show", "html"}}
        assert named <= set(KINDS)


def keys_in(value: ast.expr) -> set[str]:
    """The words that are keys in a value as it is written."""
    dicts = [node for node in ast.walk(value) if isinstance(node, ast.Dict)]
    return {key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant)}


class TestJobs:
    def test_that_are_deferred_are_bound(self):
        asked = [*calls("defer"), *calls("defer_each")]
        deferred = {word for _, call in asked if call.args for word in words_of(call.args[0])}
        assert deferred
        assert deferred <= set(INSTALLED.jobs())

    def test_are_bound_once(self):
        bound = Counter(name for plugin in INSTALLED.plugins for name in plugin.jobs)
        assert max(bound.values()) == 1

    def test_take_what_they_are_given(self):
        given = {
            next(iter(words_of(call.args[0]))): {word.arg for word in call.keywords} - {"at", "key"}
            for _, call in calls("defer")
            if call.args and words_of(call.args[0])
        }
        each = [(word, call) for _, call in calls("defer_each") for word in words_of(call.args[0])]
        assert each
        for name, arguments in [*given.items(), *((word, keys_in(call.args[1])) for word, call in each)]:
            code = INSTALLED.jobs()[name].__code__
            assert arguments == set(code.co_varnames[: code.co_argcount])


class TestTicks:
    def test_have_names_of_their_own(self):
        names = [f"{tick.__module__}.{tick.__name__}" for _, tick in INSTALLED.ticks()]
        assert len(names) == len(set(names))
