"""Statements that are issued stay as they are; corrections name what they correct; the key lives in the vault."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from helpdesk import blobs
from helpdesk.db import db
from helpdesk.errors import Conflict, Gone, Invalid, NotAllowed
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from helpdesk.vault import Unreadable, vault
from sla.calendars.models import CalendarVersion
from sla.commitments import excusing
from sla.commitments.models import Commitment
from sla.contracts.models import ContractVersion
from sla.policies.models import Clause
from sla.reports import figures, periods
from sla.reports.periods import Period
from sla.statements import issuing, keys
from sla.statements.models import SigningKey, Statement
from sla.statements.scope import Scope
from tests.plugins.world import World
from tests.sla.statements import life
from tests.sla.statements.life import Life

LATER = life.END + timedelta(hours=1)


@pytest.fixture
def lived(world: World) -> Life:
    return life.lived(world, tickets=9)


def issued(lived: Life) -> Statement:
    with travel(to=LATER):
        row = issuing.issue(lived.october, by=lived.world.mei)
        db.session.commit()
    return row


def excuse_one(lived: Life) -> None:
    with travel(to=LATER + timedelta(days=1)):
        rows = select(Commitment).where(Commitment.outcome == "broken", Commitment.excused_at.is_(None))
        october = (
            rows.where(
                Commitment.broken_at.between(datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC))
            )
            .order_by(Commitment.id)
            .limit(1)
        )
        broken = db.session.scalars(october).one()
        ticket = db.session.get_one(Ticket, broken.ticket_id)
        excusing.excuse(ticket, broken, by=lived.world.mei, reason="Their own door was locked")
        db.session.commit()


class TestIssued:
    def test_says_what_the_managers_page_says(self, lived: Life) -> None:
        told = json.loads(issuing.document(issued(lived)))["statement"]
        october = Period("days", date(2026, 10, 1), date(2026, 11, 1), periods.house())
        share = figures.share(october, {"agreement": str(lived.october.contract_id)})
        assert share.counted > 10
        counted = told["figures"]
        assert (counted["kept"], counted["broken"], counted["excused"]) == (share.kept, share.broken, share.excused)
        of_all = issuing.draft(Scope(lived.october.organization_id, None, lived.october.month))["statement"]
        assert of_all["figures"] == counted
        assert of_all["scope"] == "customer"

    def test_never_moves_whatever_is_edited_since(self, lived: Life) -> None:
        row = issued(lived)
        before, told = row.sha256, issuing.document(row)
        for version in db.session.scalars(select(CalendarVersion)):
            version.rules = {**version.rules, "hours": {"sun": [["01:00", "02:00"]]}}
        db.session.execute(update(Clause).values(target_seconds=1, targets={}))
        db.session.execute(update(ContractVersion).values(name="Tin", state="cancelled"))
        excuse_one(lived)
        with travel(to=LATER + timedelta(days=40)):
            again = issuing.issue(lived.october, by=lived.world.mei)
            db.session.commit()
            assert (again.id, again.sha256, issuing.document(again)) == (row.id, before, told)
            browser = lived.world.browser(lived.world.mei)
            page = browser.get(lived.url).text
            share = json.loads(told)["statement"]["figures"]
            assert f"{share['kept']} of {share['counted']} promises kept" in page
            assert "Gold" in page
            assert "Tin" not in page
            assert browser.get(f"{lived.url}.json").data == told
            assert browser.get(f"{lived.url}.pdf").data == browser.get(f"{lived.url}.pdf?revision=1").data

    def test_is_corrected_by_a_new_one_that_names_it(self, lived: Life) -> None:
        first = issued(lived)
        with travel(to=LATER), pytest.raises(Conflict, match="Nothing differs"):
            issuing.correct(lived.october, by=lived.world.mei, reason="Why not")
        db.session.rollback()
        excuse_one(lived)
        with travel(to=LATER + timedelta(days=2)):
            with pytest.raises(Invalid):
                issuing.correct(lived.october, by=lived.world.mei, reason=" ")
            second = issuing.correct(lived.october, by=lived.world.mei, reason="One was excused late")
            db.session.commit()
        told = json.loads(issuing.document(second))["statement"]
        named = {"revision": 1, "sha256": first.sha256, "reason": "One was excused late"}
        assert (told["revision"], told["corrects"], second.corrects_id) == (2, named, first.id)
        old = json.loads(issuing.document(first))["statement"]["figures"]
        assert told["figures"]["excused"] == old["excused"] + 1
        assert issuing.newest(lived.october).id == second.id

    def test_needs_a_manager_and_a_month_that_is_over(self, lived: Life) -> None:
        with travel(to=LATER):
            with pytest.raises(NotAllowed):
                issuing.issue(lived.october, by=lived.world.ben)
            about = lived.october
            running = Scope(about.organization_id, about.contract_id, about.month.next())
            with pytest.raises(Conflict, match="not over"):
                issuing.issue(running, by=lived.world.mei)
            with pytest.raises(Conflict, match="not issued yet"):
                issuing.correct(about, by=lived.world.mei, reason="Nothing there")

    def test_whose_file_was_changed_or_lost_is_not_shown(self, lived: Life) -> None:
        row = issued(lived)
        path = blobs.path(row.sha256)
        path.chmod(0o600)
        path.write_bytes(issuing.document(row).replace(b'"kept"', b'"KEPT"', 1))
        with pytest.raises(Gone, match="changed on the disk"):
            issuing.document(row)
        path.unlink()
        with pytest.raises(Gone, match="missing"):
            issuing.document(row)


class TestTick:
    def test_issues_what_nobody_has_issued_five_days_after_the_end(self, lived: Life) -> None:
        with travel(to=lived.october.month.ends + timedelta(days=4, hours=23)):
            assert issuing.tick() == 0
        with travel(to=lived.october.month.ends + timedelta(days=5)):
            assert (issuing.tick(), issuing.tick()) == (1, 0)
        row = issuing.newest(lived.october)
        assert row is not None
        assert (row.revision, row.issued_by_id) == (1, None)


class TestKey:
    def test_is_made_once_kept_in_the_vault_and_published(self, world: World) -> None:
        one, two = keys.sign(b"one"), keys.sign(b"two")
        db.session.commit()
        row = db.session.scalars(select(SigningKey)).one()
        assert one.key == two.key == row.name == keys.thumbprint(row.public)
        assert one.value != two.value
        with pytest.raises(Unreadable):
            vault().open(row.sealed, "elsewhere")
        told = world.browser(world.mei).client.get("/.well-known/kept-statement-keys.json").json
        assert told == {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": row.name, "x": row.public},
            ]
        }
        assert row.sealed not in str(told)

    def test_that_the_vault_lost_is_followed_by_another_and_stays_published(self, world: World) -> None:
        first = keys.sign(b"one")
        db.session.execute(text("UPDATE signing_key SET sealed = 'v1.000000000000.AAAA'"))
        db.session.expire_all()
        second = keys.sign(b"one")
        assert first.key != second.key
        assert [row.name for row in keys.published()] == [second.key, first.key]
