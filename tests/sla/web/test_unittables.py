"""Units from a file and into one: nothing is saved until it is confirmed, and each line says what is wrong with it."""

from __future__ import annotations

import csv
import io
import os
import re

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.people.models import Organization
from helpdesk.settings import settings
from sla.assets import equipment
from sla.assets.inputs import Place, Unit
from sla.assets.models import Asset
from sla.assets.sites import create as create_site
from tests.plugins.product import queries
from tests.plugins.world import Browser, World
from tests.sla import promising

GOOD = "Serial no,Model,Manufacturer,Location,Install date\nKX-10001,KX-40,Kessel,Joliet,2024-03-14\nKX-10002,KX-40,,,14.03.2024\n"
BAD = (
    GOOD
    + "kx 10001,KX-40,,,\n,KX-40,,,\nKX-10003,,,,\nKX-10004,KX,,Nowhere,\nKX-10005,KX,,,2024-02-30\nHARD-10006,KX,,,\n"
)


@pytest.fixture
def dairy(world: World) -> Organization:
    made = promising.organization("Orchard Dairy")
    create_site(made, Place("Joliet"))
    equipment.create(promising.organization("St. Brigid Hospital"), Unit("HARD-10006", "KX"))
    db.session.commit()
    return made


@pytest.fixture
def mei(world: World) -> Browser:
    return world.browser(world.mei)


@pytest.fixture
def url(dairy) -> str:
    return f"/customers/{dairy.id}/equipment"


def sent(browser: Browser, url: str, content: str | bytes):
    raw = content.encode() if isinstance(content, str) else content
    return browser.post(f"{url}/import", {"file": (io.BytesIO(raw), "units.csv")})


def form(page: str, do: str) -> dict[str, str]:
    found = {"key": re.search(r'name="key" value="([^"]+)"', page)[1], "do": do}
    for name, options in re.findall(r'<select class="input" name="(column-\d+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="(\w*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Asset)) or 0


def told(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


class TestImport:
    def test_shows_first_and_saves_with_the_second_step(self, dairy, mei, url):
        shown = sent(mei, url, GOOD)
        assert shown.status_code == 200
        assert "All 2 units fit" in told(shown.text)
        assert "New here: KX-40" in told(shown.text)
        assert count() == 1
        assert mei.post(f"{url}/import", form(shown.text, "all")).location == f"{url}?said=units"
        made = db.session.scalars(select(Asset).where(Asset.organization_id == dairy.id).order_by(Asset.id)).all()
        assert [one.serial for one in made] == ["KX-10001", "KX-10002"]
        assert made[0].site_id is not None
        assert made[0].installed_on == made[1].installed_on
        assert mei.post(f"{url}/import", form(shown.text, "all")).status_code == 404, "the file is gone"

    def test_names_every_line_that_does_not_fit(self, mei, url):
        page = told(sent(mei, url, BAD).text)
        assert "2 of 8 fit" in page
        for words in (
            "4 kx 10001 Serial: Line 2 has this serial too.",
            "5 Serial: Enter the serial",
            "6 KX-10003 Model: Enter the model.",
            "7 KX-10004 Site: This customer has no site called Nowhere.",
            "8 KX-10005 Installed on: Write the day as 2024-03-14; it has to exist.",
            "9 HARD-10006 Serial: This serial is on record already.",
        ):
            assert words in page

    def test_takes_all_or_nothing(self, mei, url):
        shown = sent(mei, url, BAD)
        assert mei.post(f"{url}/import", form(shown.text, "all")).status_code == 422
        assert count() == 1

    def test_takes_the_good_ones_and_gives_the_rest_back(self, mei, url):
        shown = sent(mei, url, BAD)
        answer = mei.post(f"{url}/import", form(shown.text, "good"))
        assert answer.status_code == 303
        assert count() == 3
        page = mei.get(answer.location).text
        assert "2 units are on record. 6 lines were not taken." in told(page)
        rest = mei.get(re.search(r'href="([^"]+/rest/[^"]+)"', page)[1])
        assert rest.mimetype == "text/csv"
        lines = list(csv.reader(io.StringIO(rest.text.removeprefix("\ufeff"))))
        assert lines[0][-1] == "What is wrong"
        assert lines[1][0] == "kx 10001"
        assert lines[1][-1] == "Line 4. Serial: Line 2 has this serial too."
        again = sent(mei, url, rest.data.replace(b"Nowhere", b"Joliet"))
        assert "1 of 6 fit" in told(again.text)

    def test_asks_for_columns_it_does_not_know(self, mei, url):
        shown = sent(mei, url, "Number;Art\nKX-10001;KX-40\n")
        assert "Choose which columns hold the serial and the model." in shown.text
        chosen = form(shown.text, "look") | {"column-0": "serial", "column-1": "model"}
        assert "The 1 unit fits" in told(mei.post(f"{url}/import", chosen).text)
        twice = mei.post(f"{url}/import", chosen | {"column-1": "serial"})
        assert (twice.status_code, "at most once" in twice.text) == (422, True)

    @pytest.mark.parametrize(("content", "words"), [("", "Choose a file"), ("Serial,Model\n", "nothing below")])
    def test_of_no_table_is_refused_in_words(self, mei, url, content, words):
        answer = sent(mei, url, content)
        assert (answer.status_code, words in answer.text) == (422, True)

    def test_of_somebody_else_is_not_found(self, world, mei, url):
        shown = sent(mei, url, GOOD)
        assert world.browser(world.ada).post(f"{url}/import", form(shown.text, "all")).status_code == 404
        for key in ("../../etc/passwd", "x" * 22, ""):
            assert mei.post(f"{url}/import", {"key": key, "do": "all"}).status_code == 404

    def test_is_for_managers(self, ben_at_work: Browser, url):
        assert ben_at_work.get(f"{url}/import").status_code == 403
        assert sent(ben_at_work, url, GOOD).status_code == 403
        assert ben_at_work.get(f"{url}/import/rest/{'x' * 22}").status_code == 403

    def test_of_5000_units_takes_as_few_questions_as_of_fifty(self, mei, url):
        counts = []
        for start, many in ((0, 50), (10_000, 5000)):
            content = "serial,model\n" + "".join(f"BULK-{start + n:06},KX-40\n" for n in range(many))
            shown = sent(mei, url, content)
            with queries() as seen:
                assert mei.post(f"{url}/import", form(shown.text, "all")).status_code == 303
            counts.append(len([one for one in seen if "INSERT" not in one]))
        assert counts[0] == counts[1]
        assert count() == 5051

    def test_what_nobody_confirmed_goes_after_a_day(self, mei, url):
        key = form(sent(mei, url, GOOD).text, "all")["key"]
        [old] = (settings().var / "uploads").glob(f"*{key}.csv")
        os.utime(old, (0, 0))
        sent(mei, url, GOOD)
        assert not old.exists()

    def test_does_not_mind_a_file_that_goes_while_it_clears_up(self, mei, url):
        sent(mei, url, GOOD)
        gone = settings().var / "uploads" / "gone.csv"
        gone.symlink_to(gone.with_name("nowhere"))  # listed, and not there
        assert sent(mei, url, GOOD).status_code == 200
        gone.unlink()


class TestExport:
    def test_has_the_columns_an_import_reads_and_no_formula(self, dairy, mei, url, ben_at_work: Browser):
        equipment.create(dairy, Unit("KX-10001", "KX-40", maker="=HYPERLINK(1)", place="-18 °C room"))
        db.session.commit()
        answer = ben_at_work.get(f"{url}/table.csv")
        assert answer.mimetype == "text/csv"
        assert "attachment" in answer.headers["Content-Disposition"]
        header, line = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
        assert dict(zip(header, line, strict=True))["Maker"] == "'=HYPERLINK(1)"
        page = told(sent(mei, url, answer.data).text)
        assert "This serial is on record already." in page
        page = told(sent(mei, url, answer.data.replace(b"KX-10001", b"KX-10002")).text)
        assert "The 1 unit fits" in page
        assert "=HYPERLINK(1)" in page
