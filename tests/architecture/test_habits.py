"""What nobody does anywhere: unfinished work, hidden imports, unaudited HTML, second ways out to the network."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch

import pytest

from tests.architecture.source import ROOT, imports, modules, templates, texts

HERE = "tests/architecture/test_habits.py"


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = {path for path, text in texts().items() if marks.search(text) and path != HERE}
    assert not found


def test_nothing_is_a_placeholder():
    found = {path for path, tree in modules().items() if (ast.get_docstring(tree) or "").lower() == "placeholder"}
    assert not found


def test_every_module_says_what_it_is_in_a_sentence():
    silent = {path for path, tree in modules().items() if not ast.get_docstring(tree)}
    assert not silent


LAZY_IMPORTS: set[str] = set()
"""The registry imports by name (importlib), so not even it needs an import inside a function."""


def test_imports_stand_at_the_top():
    assert {path for path, _, inside in imports() if inside} == LAZY_IMPORTS


BY_NAME = {
    "channels/registry.py": "adapters, on first use",
    "helpdesk/cli.py": "the migrations' library, which no running process needs",
    "helpdesk/migrating.py": "models of packages the core may not import",
    "helpdesk/supervisor.py": "the application, once the database is there",
    "channels/email/addresses.py": "a parser's child process loads a large library with the first mail that needs it",
    "channels/email/bounces.py": "the same",
    "channels/email/charsets.py": "the same",
    "channels/email/tnef.py": "the same",
    "helpdesk/sheets/workbook.py": "the library of workbooks, which few ever need",
    "helpdesk/web/metrics.py": "the library of text formats, for who is asked for gauges",
    "sla/web/statements.py": "the PDF's libraries, which few ever need",
    "sla/calendars/holidays.py": "the holidays of the world, where a calendar is written",
    "sla/calendars/feeds.py": "iCal, where a feed is read",
    "sla/oncall/feeding.py": "iCal, where a feed is asked for",
    "helpdesk/demo/commands.py": "the story and the library that checks it, where it is told",
}


def test_modules_are_imported_by_name_in_few_places():
    users = {path for path, tree in modules().items() if "import_module(" in ast.unparse(tree)}
    assert users == set(BY_NAME)


OUTGOING = {
    "urllib3": {"helpdesk/http.py"},
    # what tweepy hands its requests to, and gives its answers as; they leave by helpdesk/http.py
    "requests": {"channels/x/client.py", "channels/x/failures.py"},
    "httpx": set(),
    "aiohttp": set(),
    "http.client": {"helpdesk/http.py"},
    "urllib.request": {"helpdesk/supervisor.py"},  # asks our own web server whether it is up
}


@pytest.mark.parametrize("library", OUTGOING)
def test_only_the_guarded_client_speaks_http(library: str):
    users = {path for path, name, _ in imports() if name == library or name.startswith(f"{library}.")}
    assert users <= OUTGOING[library]


DANGEROUS = {"pickle", "marshal", "shelve", "dill", "code", "pty"}
PROGRAMS = {
    "channels/email/sandbox.py": "the parser's child process",
    "helpdesk/database/": "the embedded database server",
    "helpdesk/supervisor.py": "web and worker",
    "helpdesk/keeping.py": "keeping them running",
    "helpdesk/processes.py": "ending what was started",
}


def test_nothing_is_unpickled():
    assert not {(path, name) for path, name, _ in imports() if name.split(".")[0] in DANGEROUS}


def test_programs_are_started_in_few_places_and_never_by_a_shell():
    users = {path for path, name, _ in imports() if name.split(".")[0] == "subprocess"}
    assert not {path for path in users if not any(path.startswith(place) for place in PROGRAMS)}
    shell = {
        path for path, tree in modules().items() if re.search(r"shell=True|os\.system|os\.popen", ast.unparse(tree))
    }
    assert not shell


def test_nothing_is_evaluated():
    for path, tree in modules().items():
        called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert not {func.id for func in called if isinstance(func, ast.Name)} & {"eval", "exec", "compile"}, path


SAFE_TEMPLATES = {
    "tickets/_article.html": "the customer's HTML, out of the one sanitiser",
    "mail/reply.html": "our own words, out of to_html",
    "macros.html": "a constant",
}
MARKUP_MODULES = {
    "helpdesk/text/plain.py": "plain text to HTML, by format() that escapes",
    "helpdesk/text/html.py": "the sanitiser's output",
    "helpdesk/web/assets.py": "icons, by format() that escapes",
    "helpdesk/web/drawing.py": "rails, numbers inside tags of ours",
    "sla/web/dashdraw.py": "hours of the week, numbers inside tags of ours",
    "helpdesk/web/rendering.py": "panels, drawn by templates that escape",
    "helpdesk/people/letters.py": "our own letters, by format() that escapes",
}


def test_html_is_trusted_where_it_was_audited_alone():
    assert {name for name, text in templates().items() if re.search(r"\|\s*safe\b", text)} <= set(SAFE_TEMPLATES)
    assert not {name for name, text in templates().items() if "autoescape false" in text.replace("off", "false")}
    users = {path for path, tree in modules().items() if "Markup(" in ast.unparse(tree)}
    assert users <= set(MARKUP_MODULES)


def test_the_clock_is_read_in_one_place():
    reads = re.compile(r"datetime\.now\(|datetime\.utcnow\(|datetime\.today\(|date\.today\(|\btime\.time\(\)")
    readers = {path for path, tree in modules().items() if reads.search(ast.unparse(tree))}
    timing = {"sla/calendars/calculating.py"}  # any instant will do to warm a cache up
    assert readers - timing == {"helpdesk/now.py"}


def test_no_list_is_paged_by_offset():
    assert not {path for path, tree in modules().items() if re.search(r"\.offset\(|\bOFFSET\b", ast.unparse(tree))}


def test_templates_have_no_inline_script_or_style():
    inline = re.compile(r"<style\b|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)
    shown = {name for name, text in templates().items() if not name.startswith("mail/") and inline.search(text)}
    assert not shown


class TestTemplates:
    NAMED = re.compile(r"""(?:extends|include|import|from)\s+["']([^"']+)["']""")

    def used(self) -> set[str]:
        inside = {name for text in templates().values() for name in self.NAMED.findall(text)}
        strings = {
            node.value
            for tree in modules().values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[\w/.-]+\.(html|txt)", node.value)
        }
        return inside | strings | self.built() | {f"errors/{status}.html" for status in _statuses()}

    def built(self) -> set[str]:
        """Templates whose name is put together: `f"settings/{name}.html"` where some module says the name."""
        patterns = {
            "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
            for tree in modules().values()
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
        }
        whole = [pattern for pattern in patterns if pattern.endswith((".html", "/*")) and pattern[0] not in "*/"]
        return {name for name in templates() if any(fnmatch(name, pattern) for pattern in whole)}

    def test_that_are_named_exist(self):
        missing = {name for name in self.used() if "/" in name or name in templates()} - set(templates())
        assert not missing

    def test_that_exist_are_used(self):
        assert not set(templates()) - self.used()


class TestLinks:
    LINK = re.compile(
        r"""\b(?:href|action|hx-get|hx-post|formaction|data-[a-z]+-url|data-url)=["'](/[^"'#?]*)(?!["']\s*~)"""
    )

    def test_of_templates_lead_to_routes(self, product):
        adapter = product.url_map.bind("localhost")
        lost = set()
        for name, text in templates().items():
            one = text.replace("{{ path }}", "replies").replace("%d", "1")
            plain = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "1", one))
            for link in self.LINK.findall(plain):
                if not adapter.allowed_methods(link) and link != "/attachments/":
                    lost.add((name, link))
        assert not lost


def _statuses() -> list[int]:
    text = (ROOT / "helpdesk/web/errors.py").read_text()
    found = re.search(r"_PAGES = frozenset\(\{([^}]*)\}\)", text)
    assert found is not None
    return [int(word) for word in found[1].split(",")]
