"""What every process loads stays light: libraries few ever need come when they are needed."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    *("fpdf", "PIL", "fontTools", "slack_bolt", "tweepy", "paho", "feedparser", "alembic"),
    *("pydantic", "holidays", "icalendar"),
    *("xlsxwriter", "prometheus_client", "rich", "pygments"),
)
LOOK = """
import sys
import wsgi
wsgi.create_app()
from channels import heard
heard.waiting()
print(" ".join(sorted(set(sys.modules) & set(sys.argv[1:]))))
"""


def test_neither_the_start_nor_a_page_s_sidebar_loads_what_few_need():
    found = subprocess.run([sys.executable, "-c", LOOK, *HEAVY], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
