"""Statements as pages, files and JSON: who sees them, what they say, and bad input."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from sqlalchemy import update

from helpdesk.db import db
from helpdesk.errors import NotAllowed
from helpdesk.now import travel
from helpdesk.people.models import Organization
from sla.contracts.models import Contract
from sla.statements import issuing, printing, verify_statement
from sla.web import statements
from tests.plugins.world import Browser, World
from tests.sla.statements import life
from tests.sla.statements.life import Life

LATER = life.END + timedelta(hours=1)


@pytest.fixture
def lived(world: World):
    found = life.lived(world, tickets=9)
    with travel(to=LATER):
        yield found


@pytest.fixture
def manager(lived: Life) -> Browser:
    return lived.world.browser(lived.world.mei)


@pytest.fixture
def firm(lived: Life) -> str:
    return f"/customers/{lived.october.organization_id}/statements"


class TestPage:
    def test_draws_a_mark_that_opens_its_ticket_for_each_promise(self, lived: Life, manager: Browser) -> None:
        told = issuing.draft(lived.october)["statement"]
        page = manager.get(lived.url).text
        marks = re.findall(r'class="outcome outcome--(\w+)" href="/tickets/(\d+)"', page)
        expected = sorted(
            ("excused" if one["excused"] and one["outcome"] == "broken" else one["outcome"], str(one["ticket"]))
            for one in told["promises"]
        )
        assert sorted(marks) == expected
        assert {outcome for outcome, _ in marks} == {"kept", "broken", "excused"}
        assert page.count("Show as a table") == len(told["by_promise"])
        assert "it issues itself" in page

    def test_is_issued_and_corrected_by_form(self, lived: Life, manager: Browser) -> None:
        assert manager.post(lived.url, {"do": "issue"}).status_code == 303
        page = manager.get(f"{lived.url}?said=issued").text
        assert "Issued and signed." in page
        assert "Revision 1" in page
        answer = manager.post(lived.url, {"do": "correct", "reason": ""})
        assert (answer.status_code, "Say why. The new statement names it." in answer.text) == (422, True)
        answer = manager.post(lived.url, {"do": "correct", "reason": "Anything"})
        assert (answer.status_code, "Nothing differs" in answer.text) == (409, True)

    def test_of_all_months_says_where_each_stands(self, manager: Browser, lived: Life, firm: str) -> None:
        manager.post(lived.url, {"do": "issue"})
        page = manager.get(lived.url.rpartition("/")[0]).text
        assert [words in page for words in ("November 2026", "October 2026", "Runs", "Issued")] == [True] * 4
        assert "October 2026" in manager.get(firm).text
        assert manager.get(f"{firm}/2026-10").status_code == 200

    def test_begin_with_the_first_month_of_the_customer(self, manager: Browser, lived: Life) -> None:
        other = Organization(name="Somebody else", created_at=LATER)
        db.session.add(other)
        db.session.commit()
        page = manager.get(f"/customers/{other.id}/statements").text
        assert [words in page for words in ("November 2026", "October 2026")] == [True, False]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("2026-13", 422),
            ("soon", 422),
            ("2026-12", 404),
            ("2026-10?revision=7", 404),
            ("2026-10?revision=x", 404),
            pytest.param(f"2026-10?revision={'9' * 5000}", 404, id="a revision of 5,000 digits"),
        ],
    )
    def test_that_is_none_says_so(self, manager: Browser, firm: str, path: str, status: int) -> None:
        assert manager.get(f"{firm}/{path}").status_code == status

    def test_is_for_managers_who_see_every_ticket_of_it(self, lived: Life) -> None:
        agent = lived.world.browser(lived.world.ben)
        for ending in ("", ".json", ".pdf"):
            assert agent.get(f"{lived.url}{ending}").status_code == 403
        document = issuing.draft(lived.october)
        statements.check_visible(document, lived.world.mei)
        lived.world.mei.deactivated_at = LATER
        with pytest.raises(NotAllowed, match="you can't see"):
            statements.check_visible(document, lived.world.mei)

    def test_of_another_customers_agreement_does_not_exist(self, lived: Life, manager: Browser) -> None:
        other = db.session.query(Organization).filter(Organization.id != lived.october.organization_id).first()
        assert other is not None
        about = lived.october
        path = f"/customers/{other.id}/agreements/{about.contract_id}/statements/2026-10"
        assert manager.get(path).status_code == 404


class TestJson:
    def test_is_issued_listed_and_read(self, lived: Life, manager: Browser) -> None:
        about = lived.october
        base = f"/api/v1/customers/{about.organization_id}/statements"
        of = f"?agreement={about.contract_id}"
        assert manager.get(f"{base}/2026-10{of}").json["signature"] is None
        made = manager.json("POST", f"{base}/2026-10{of}", {})
        assert (made.status_code, made.json["revision"]) == (201, 1)
        assert manager.get(f"{base}{of}").json["statements"] == [made.json]
        assert manager.get(f"{base}").json["statements"] == []
        document = manager.get(f"{base}/2026-10{of}").json
        assert verify_statement.Check(document["statement"]).all() == []
        assert (
            list(verify_statement.signature(document, manager.get("/.well-known/kept-statement-keys.json").json, str))
            == []
        )
        again = manager.json("POST", f"{base}/2026-10{of}", {"reason": "Anything"})
        assert again.status_code == 409
        assert manager.get(f"{base}?agreement=x").status_code == 422

    def test_script_is_the_one_that_was_tried(self, manager: Browser) -> None:
        answer = manager.client.get("/statements/verify_statement.py")
        assert answer.data.decode() == Path(verify_statement.__file__).read_text()


class TestPdf:
    def test_holds_names_with_letters_of_other_alphabets(self, lived: Life, manager: Browser) -> None:
        db.session.execute(
            update(Organization)
            .where(Organization.id == lived.october.organization_id)
            .values(name="Łódź Chłodnia, Холод, Bình Đông")
        )
        db.session.execute(update(Contract).values(number="Ğ-100"))
        db.session.commit()
        manager.post(lived.url, {"do": "issue"})
        answer = manager.get(f"{lived.url}.pdf")
        assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
        for name in ("Geist-Regular.ttf", "Geist-SemiBold.ttf"):
            known = TTFont(printing._FONTS / name).getBestCmap()
            assert not [letter for letter in "Łódź Chłodnia, Холод, Bình Đông Ğ-100 € %" if ord(letter) not in known]
        document = json.loads(manager.get(f"{lived.url}.json").data)
        assert document["statement"]["customer"]["name"] == "Łódź Chłodnia, Холод, Bình Đông"
        assert printing.pdf(document, "a" * 64) == printing.pdf(document, "a" * 64)
        assert io.BytesIO(answer.data).read(4) == b"%PDF"
