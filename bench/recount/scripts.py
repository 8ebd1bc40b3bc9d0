"""The two scripts the product gives away, run over the year's statements and books as whoever doubts us would."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from bench.recount.comparing import Compared
from sla.money import exporting, verify_money
from sla.reports import periods
from sla.statements import verify_statement


def statements(told: Iterable[dict[str, Any]], compared: Compared) -> None:
    """Each recomputed from how its clocks ran."""
    with tempfile.TemporaryDirectory() as folder:
        for place, one in enumerate(told):
            path = Path(folder) / f"{place}.json"
            path.write_text(json.dumps({"statement": one, "signature": None}), encoding="utf-8")
            _run(verify_statement.__file__, path, f"statement of {one['period']['month']}", compared)


def money(app: Flask, now: datetime, compared: Compared) -> None:
    """Two periods, to the cent."""
    with tempfile.TemporaryDirectory() as folder, app.app_context():
        for name in ("month", "quarter"):
            books = Path(folder) / name
            exporting.export(periods.named(name, now, periods.house()), books, now)
            _run(verify_money.__file__, books, f"money of the {name}", compared)


def _run(script: str | None, path: Path, what: str, compared: Compared) -> None:
    ran = subprocess.run([sys.executable, "-I", str(script), str(path)], capture_output=True, text=True, check=False)
    compared.scripts += 1
    if ran.returncode:
        compared.differences.append(f"{what}: {ran.stdout[-400:]}{ran.stderr[-200:]}")
