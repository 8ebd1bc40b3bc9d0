"""The documents: what they name exists, and what must be named in them is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.events import KINDS
from helpdesk.settings import variables

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(
    r"`((?:helpdesk|channels|sla|frontend|templates|tests|migrations|docs)/[\w./-]+\.\w+)(?:: ([\w.]+)\(\))?"
)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def names(document: Path) -> str:
    return str(document.relative_to(ROOT))


def anchors(document: Path) -> set[str]:
    """The fragments its headings answer to, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def requirement(line: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", line)
    assert found is not None
    return found[0].lower()


def dependencies() -> set[str]:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    python = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    package = json.loads(text("frontend/package.json"))
    return {requirement(line) for line in python} | set(package["dependencies"]) | set(package["devDependencies"])


class TestReadme:
    @pytest.mark.parametrize("command", ["make run", "make test"])
    def test_names_both_commands_on_lines_of_their_own(self, command: str) -> None:
        assert command in text("README.md").splitlines()


class TestMakeTargets:
    def test_that_are_named_exist(self) -> None:
        known = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
        for document in DOCUMENTS:
            written = document.read_text(encoding="utf-8")
            code = [*re.findall(r"`([^`\n]+)`", written), *"\n".join(_FENCED.findall(written)).splitlines()]
            for line in code:
                if found := re.match(r"make ([a-z ]+)", line):
                    assert set(found[1].split()) <= known, f"{names(document)}: {line}"


class TestSettings:
    def test_stand_in_the_guide_for_administrators(self) -> None:
        guide = text("docs/guides/administrators.md")
        for variable in variables():
            assert f"`{variable}`" in guide, f"{variable} is not explained"

    def test_that_are_named_exist(self) -> None:
        known = set(variables())
        for document in DOCUMENTS:
            assert set(re.findall(r"HELPDESK_[A-Z_]+", document.read_text(encoding="utf-8"))) <= known, names(document)


class TestEvents:
    def test_stand_in_the_guide_for_developers_with_their_meaning(self) -> None:
        rows = dict(re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", text("docs/guides/developers.md"), re.MULTILINE))
        assert rows == KINDS


class TestJson:
    def test_every_endpoint_stands_in_the_guide_for_developers(self, product: Flask) -> None:
        told = {
            (method, re.sub(r"<[^>]+>", "<>", path))
            for methods, path in re.findall(
                r"^\| `([A-Z ]+) (/api/[^`]+)` \|", text("docs/guides/developers.md"), re.MULTILINE
            )
            for method in methods.split()
        }
        there = {
            (method, re.sub(r"<[^>]+>", "<>", rule.rule))
            for rule in product.url_map.iter_rules()
            if rule.rule.startswith("/api/")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert told == there


class TestDependencies:
    def test_have_a_sentence_each(self) -> None:
        rows = re.findall(r"^\| `([^`]+)` \| (.+) \| (.+) \|$", text("docs/decisions/dependencies.md"), re.MULTILINE)
        assert {name for name, saves, keeper in rows if saves.strip() and keeper.strip()} >= dependencies()

    def test_that_have_a_sentence_are_used(self) -> None:
        told = set(re.findall(r"^\| `([^`]+)` \|", text("docs/decisions/dependencies.md"), re.MULTILINE))
        locked = set(re.findall(r"^([a-z0-9._-]+)==", text("requirements.node.lock"), re.MULTILINE))
        assert told <= dependencies() | locked


class TestDecisions:
    def test_are_numbered_without_gaps(self) -> None:
        numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 17

    def test_say_why_what_and_what_follows(self) -> None:
        for path in (ROOT / "docs/decisions").glob("[0-9]*.md"):
            content = path.read_text(encoding="utf-8")
            assert content.startswith(f"# {path.name[:4]} "), path.name
            assert re.findall(r"^## (.+)$", content, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name

    def test_are_all_on_the_map(self) -> None:
        on_the_map = set(_LINK.findall(text("docs/README.md")))
        assert {f"decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md")} <= on_the_map


class TestLinks:
    @pytest.mark.parametrize("document", DOCUMENTS, ids=names)
    def test_that_are_relative_lead_somewhere(self, document: Path) -> None:
        for link in _LINK.findall(_FENCED.sub("", document.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (document.parent / path).resolve() if path else document
            assert target.exists(), f"{names(document)} links to {link}"
            assert not anchor or anchor in anchors(target), f"{names(document)} links to {link}"

    @pytest.mark.parametrize("document", DOCUMENTS, ids=names)
    def test_of_files_and_functions_in_the_text_are_true(self, document: Path) -> None:
        for path, function in _PATH.findall(document.read_text(encoding="utf-8")):
            if "<" in path or path == "frontend/package-lock.json":
                continue
            assert (ROOT / path).exists(), f"{names(document)} names {path}"
            name = function.rpartition(".")[2]
            assert not name or re.search(rf"\bdef {name}\b", text(path)), f"{names(document)} names {path}: {name}()"
