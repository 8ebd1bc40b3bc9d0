"""The import contracts hold, and a planted violation of each kind is caught."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT

PLANTED = {
    "the core knows a channel": ("helpdesk/tickets/planted.py", "import channels.registry\n", "Plugins side by side"),
    "a channel knows promises": ("channels/planted.py", "import sla\n", "Plugins side by side"),
    "a lower layer of the core looks up": ("helpdesk/people/planted.py", "import helpdesk.web.inbox\n", "Core layers"),
    "a lower layer of the channels looks up": (
        "channels/email/planted.py",
        "import channels.intake\n",
        "Channel layers",
    ),
    "two files know each other": (
        "helpdesk/tickets/planted.py",
        "import helpdesk.tickets.planted_too\n",
        "No cycles between siblings",
    ),
    "two files of a plugin know each other": (
        "sla/contracts/planted.py",
        "import sla.contracts.planted_too\n",
        "No cycles between siblings",
    ),
    "a lower layer of the promises looks up": (
        "sla/calendars/planted.py",
        "import sla.commitments.clock\n",
        "SLA layers",
    ),
    "a new folder of the promises has no place": ("sla/planted/__init__.py", "\n", "SLA layers"),
    "time arithmetic reads the clock": ("sla/calendars/rules.py", "import helpdesk.now\n", "Time arithmetic is pure"),
    "an operation of the promises knows HTTP": (
        "sla/policies/planted.py",
        "import werkzeug\n",
        "Operations do not know HTTP",
    ),
    "an operation knows HTTP": ("helpdesk/tickets/planted.py", "import werkzeug\n", "Operations do not know HTTP"),
    "an operation knows templates": ("helpdesk/people/planted.py", "import jinja2\n", "Operations do not know HTTP"),
    "the core knows the root": ("helpdesk/tickets/planted.py", "import wsgi\n", "Nobody imports the composition root"),
    "a new folder has no place": ("helpdesk/planted/__init__.py", "\n", "Core layers"),
    "a new file of channels has no place": ("channels/planted_file.py", "\n", "Channel layers"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "wsgi.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_the_tree_keeps_its_contracts():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("planted", PLANTED)
def test_a_violation_is_caught(copy: Path, planted: str):
    path, code, contract = PLANTED[planted]
    (copy / path).parent.mkdir(exist_ok=True)
    (copy / path).write_text(f'"""Planted."""\n{code}')
    if "planted_too" in code:
        other = code.removesuffix("_too\n")
        (copy / path).with_name("planted_too.py").write_text(f'"""Planted."""\n{other}\n')
    done = lint(copy)
    broken = [line for line in done.stdout.splitlines() if line.startswith(contract)]
    caught = any("BROKEN" in line for line in broken) or "planted" in done.stdout + done.stderr
    assert done.returncode != 0, done.stdout
    assert caught, done.stdout + done.stderr
