"""Set-up: done once, redone only where something changed, one sentence when it cannot be done."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = """
const fs = require("fs");
fs.mkdirSync("../static/dist", { recursive: true });
fs.writeFileSync("../static/dist/manifest.json", "{}");
console.log("built");
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small product of the same shape, without a package to fetch, set up once.

    Its environment is this one's under another name: making a new one takes longer than all of these tests.
    """
    root = tmp_path_factory.mktemp("checkout")
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / ".venv" / "bin" / "python").chmod(0o755)
    (root / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "setup", root / "bin" / "setup")
    (root / "requirements.lock").write_text("# nothing\n")
    frontend = root / "frontend"
    frontend.mkdir()
    package = {"name": "small", "version": "1.0.0", "scripts": {"build": "node build.cjs"}}
    (frontend / "package.json").write_text(json.dumps(package))
    lock = {"name": "small", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package | {"scripts": {}}}}
    (frontend / "package-lock.json").write_text(json.dumps(lock))
    (frontend / "build.cjs").write_text(BUILD)
    first = set_up(root)
    assert first.returncode == 0, first.stderr
    assert "built" in first.stdout
    assert "installing the packages of requirements.lock" in first.stdout
    return root


def set_up(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "bin" / "setup")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


class TestSetup:
    def test_a_second_time_does_nothing(self, checkout: Path) -> None:
        set_up(checkout)
        again = set_up(checkout)
        assert (again.returncode, again.stdout) == (0, "")

    def test_a_changed_source_is_built_and_no_more(self, checkout: Path) -> None:
        (checkout / "frontend" / "main.css").write_text(f"/* {os.urandom(4).hex()} */")
        said = set_up(checkout).stdout
        assert "built" in said
        assert "installing" not in said

    def test_a_lost_build_is_made_again(self, checkout: Path) -> None:
        shutil.rmtree(checkout / "static")
        assert "built" in set_up(checkout).stdout

    def test_a_changed_lock_is_installed_again(self, checkout: Path) -> None:
        (checkout / "requirements.lock").write_text(f"# {os.urandom(4).hex()}\n")
        assert "installing the packages of requirements.lock" in set_up(checkout).stdout

    def test_packages_that_cannot_be_installed_are_one_sentence(self, checkout: Path, tmp_path: Path) -> None:
        broken = tmp_path / "broken"
        shutil.copytree(checkout, broken, symlinks=True)
        (broken / "requirements.lock").write_text("./nowhere.whl\n")
        said = set_up(broken)
        assert said.returncode == 1
        assert said.stderr.splitlines()[-1].startswith("The packages of requirements.lock could not be installed")
        assert "Traceback" not in said.stderr

    def test_without_node_and_without_a_packaged_one_it_says_so(self, checkout: Path, tmp_path: Path) -> None:
        broken = tmp_path / "broken"
        shutil.copytree(checkout, broken, symlinks=True)
        (broken / "requirements.node.lock").write_text("./nowhere.whl\n")
        (broken / "frontend" / "main.css").write_text("/* new */")
        (tmp_path / "node").write_text("#!/bin/sh\necho v18.19.0\n")
        (tmp_path / "node").chmod(0o755)
        said = set_up(broken, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert said.returncode == 1
        assert said.stderr.splitlines()[-1].startswith("Node 20 or newer is needed")
        assert "Traceback" not in said.stderr


class TestHouse:
    @pytest.mark.parametrize("name", ["requirements.lock", "requirements.node.lock", "frontend/package-lock.json"])
    def test_no_lock_holds_an_address(self, name: str) -> None:
        text = (ROOT / name).read_text()
        assert not re.search(r'"resolved"|--index-url|--extra-index-url|--find-links', text)
        assert not re.search(r"^[^#\s][^\n]* @ ", text, re.MULTILINE)

    def test_every_package_is_pinned_by_hash(self) -> None:
        for name in ("requirements.lock", "requirements.node.lock"):
            entries = re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / name).read_text())[1:]
            assert entries
            assert [entry for entry in entries if "--hash=sha256:" not in entry] == []

    def test_every_target_explains_itself_and_they_are_few(self) -> None:
        targets = re.findall(r"^([a-z]+):.*$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert len(targets) <= 12
        assert re.findall(r"make (\w+)", listed) == targets
