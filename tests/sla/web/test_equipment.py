"""Equipment by form: units, services, photos, exchange, owners, warranties and sites; and bad input."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from sla.assets.models import Asset, Site, Warranty
from tests.sla.web.scene import Dairy
from tests.sla.web.test_customers import plain

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def unit(dairy: Dairy) -> str:
    return f"{dairy.url}/equipment/{dairy.units[0].id}"


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


class TestUnits:
    def test_are_found_by_any_part_of_a_serial(self, manager, dairy):
        found = manager.get(f"{dairy.url}/equipment?q=2291 0876").text
        assert ("KX40-2291-0876" in found, "KX40-2291-0875" in found) == (True, False)
        assert "No such unit" in manager.get(f"{dairy.url}/equipment?q=%25").text

    def test_are_put_on_record_with_their_parts(self, manager, dairy):
        form = {"serial": "NEW-1", "model": "N", "parts": "Fan; F-1; spare\n\nBelt", "service_months": "6"}
        answer = manager.post(f"{dairy.url}/equipment", form)
        assert answer.status_code == 303
        assert "Fan F-1 spare" in plain(manager.get(answer.location).text)
        assert "Fan; F-1; spare\nBelt" in manager.get(answer.location.replace("?said=unit", "/edit")).text

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"serial": "kx40 2291 0875"}, "This serial is on record already."),
            ({"serial": ""}, "Enter the serial as it stands on the plate."),
            ({"model": ""}, "Enter the model."),
            ({"installed_on": "31.12.2025"}, "There is no such day."),
            ({"service_months": "0"}, "Between 1 and 1200 months."),
            ({"service_months": "often"}, "Enter a whole number."),
            ({"site_id": "4711"}, "This customer has no such site."),
            ({"parts": "; no name"}, "Each part needs a name"),
        ],
    )
    def test_that_do_not_fit_are_refused_with_their_words_kept(self, manager, dairy, wrong, words):
        answer = manager.post(f"{dairy.url}/equipment", {"serial": "NEW-1", "model": "N", "place": "Roof", **wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="Roof"' in answer.text
        assert count(Asset) == 4

    def test_with_a_serial_of_somebody_else_say_nothing_of_them(self, manager, dairy):
        answer = manager.post("/customers/2/equipment", {"serial": "KX40-2291-0875", "model": "N"})
        assert answer.status_code == 422
        assert "Orchard" not in answer.text

    def test_of_somebody_else_are_not_found(self, manager, dairy):
        for path in ("", "/edit", "/replacement", "/photo"):
            assert manager.get(f"/customers/2/equipment/{dairy.units[0].id}{path}").status_code == 404

    def test_are_serviced_retired_and_brought_back(self, manager, unit):
        manager.post(f"{unit}/service", {"serviced_on": "2026-10-01"})
        assert "Due 1 Jan 2027" in plain(manager.get(unit).text)
        refused = manager.post(f"{unit}/service", {"serviced_on": "2026-10-20"})
        assert (refused.status_code, "That day is still to come." in refused.text) == (422, True)
        manager.post(f"{unit}/state", {"do": "retire"})
        assert "Out of service" in plain(manager.get(unit).text)
        manager.post(f"{unit}/state", {"do": "back"})
        assert "Put back in service" not in manager.get(unit).text
        assert manager.post(f"{unit}/state", {"do": "melt"}).status_code == 422

    def test_are_replaced_with_the_rest_of_their_warranty(self, manager, dairy, unit):
        answer = manager.post(
            f"{unit}/replacement", {"serial": "KX40-NEW-1", "model": "KX-40", "installed_on": "2026-10-13"}
        )
        assert answer.status_code == 303
        words = plain(manager.get(answer.location).text)
        assert "Took the place of KX40-2291-0875" in words
        assert "Parts until 14 Mar 2027" in words
        again = manager.post(f"{unit}/replacement", {"serial": "KX40-NEW-2", "model": "KX-40"})
        assert (again.status_code, "took its place already" in again.text) == (409, True)

    def test_are_handed_over_by_name(self, manager, dairy, unit):
        refused = manager.post(f"{unit}/owner", {"owner": "Nobody Inc"})
        assert (refused.status_code, "There is no customer of exactly that name." in refused.text) == (422, True)
        assert manager.post(f"{unit}/owner", {"owner": "harbor bakery"}).status_code == 303
        assert manager.get(unit).status_code == 404


class TestPhoto:
    def test_is_shown_as_the_picture_it_is(self, manager, unit):
        answer = manager.post(f"{unit}/photo", {"photo": (io.BytesIO(PNG), "unit.jpg")})
        assert answer.status_code == 303
        shown = manager.get(f"{unit}/photo")
        assert (shown.mimetype, shown.data) == ("image/png", PNG)

    @pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"%PDF-1.7"])
    def test_that_is_none_is_refused(self, manager, unit, content):
        answer = manager.post(f"{unit}/photo", {"photo": (io.BytesIO(content), "unit.png")})
        assert (answer.status_code, "Choose a JPEG, PNG, WebP or GIF." in answer.text) == (422, True)
        assert manager.get(f"{unit}/photo").status_code == 404


class TestWarranties:
    def test_are_granted_corrected_and_voided(self, manager, unit):
        form = {"name": "Compressor", "starts": "date", "starts_on": "2026-01-01", "parts_months": "-1"}
        assert manager.post(f"{unit}/warranties", form).status_code == 303
        assert "Compressor Parts for life" in plain(manager.get(unit).text)
        newest = db.session.scalar(select(func.max(Warranty.id)))
        assert manager.post(f"{unit}/warranties/{newest}", {**form, "parts_months": "12"}).status_code == 303
        assert "Compressor Parts until 1 Jan 2027" in plain(manager.get(unit).text)
        assert manager.post(f"{unit}/warranties/{newest}", {"do": "void"}).status_code == 303
        assert "Compressor Void Gives nothing since 13 Oct 2026" in plain(manager.get(unit).text)
        assert manager.post(f"{unit}/warranties/4711", form).status_code == 404

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "Name the warranty"),
            ({"starts": "birth"}, "Choose one of the list."),
            ({"starts": "date"}, "Enter the day it begins."),
            ({"parts_months": ""}, "Enter months for at least one"),
            ({"parts_months": "-5"}, "or -1 for life"),
        ],
    )
    def test_that_do_not_fit_are_refused(self, manager, unit, wrong, words):
        for path in (f"{unit}/warranties", f"{unit}/warranties/1"):
            answer = manager.post(path, {"name": "W", "starts": "install", "parts_months": "12", **wrong})
            assert (answer.status_code, words in answer.text) == (422, True)
        assert count(Warranty) == 4


class TestSites:
    def test_are_put_on_record_changed_and_set_aside(self, manager, dairy):
        sites = f"{dairy.url}/sites"
        assert manager.post(sites, {"name": "Aurora", "zone": "America/Chicago"}).status_code == 303
        aurora = db.session.scalar(select(Site.id).where(Site.name == "Aurora"))
        assert manager.post(f"{sites}/{aurora}", {"name": "Aurora East"}).status_code == 303
        assert "Aurora East" in manager.get(f"{dairy.url}/equipment").text
        assert manager.post(f"{sites}/{aurora}", {"do": "aside"}).status_code == 303
        assert "Aurora East" not in manager.get(f"{dairy.url}/equipment").text
        assert manager.post(f"/customers/2/sites/{aurora}", {"name": "Mine"}).status_code == 404

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"name": "Joliet"}, "This customer has a site of that name."),
            ({"name": ""}, "Name the site"),
            ({"name": "A", "zone": "Mars"}, "There is no such time zone."),
        ],
    )
    def test_that_do_not_fit_are_refused(self, manager, dairy, form, words):
        answer = manager.post(f"{dairy.url}/sites", form)
        assert (answer.status_code, words in answer.text) == (422, True)
        assert count(Site) == 1
