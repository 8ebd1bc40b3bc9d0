"""A customer's sites: put on record, changed, set aside."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Select, func, select

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Organization
from sla.assets.inputs import Place
from sla.assets.models import Site

_MISFIT = "That does not fit yet."


def sites_of(organization_id: int) -> Select[Site]:
    """Those in use, by name."""
    return (
        select(Site)
        .where(Site.organization_id == organization_id, Site.archived_at.is_(None))
        .order_by(func.lower(Site.name), Site.id)
    )


def create(organization: Organization, place: Place) -> Site:
    """Put a site on record.

    Raises:
        Invalid: by field, what does not fit.
    """
    return _write(Site(organization_id=organization.id), place)


def edit(site: Site, place: Place) -> Site:
    """Change what is known of a site.

    Raises:
        Invalid: as for `create`; then it is as it was.
    """
    return _write(site, place)


def set_aside(site: Site) -> Site:
    """It is offered no more; what stands there keeps naming it."""
    site.archived_at = site.archived_at or now()
    db.session.flush()
    return site


def take_back(site: Site) -> Site:
    """It is offered again."""
    site.archived_at = None
    db.session.flush()
    return site


def _write(site: Site, place: Place) -> Site:
    mistakes = place.mistakes()
    if not mistakes and _is_taken(site, place.name):
        mistakes = {"name": "This customer has a site of that name."}
    if mistakes:
        raise Invalid(_MISFIT, mistakes)
    for name, value in asdict(place).items():
        setattr(site, name, value.strip())
    db.session.add(site)
    db.session.flush()
    return site


def _is_taken(site: Site, name: str) -> bool:
    same = select(Site.id).where(
        Site.organization_id == site.organization_id, Site.name == name.strip(), Site.id.is_distinct_from(site.id)
    )
    with db.session.no_autoflush:
        return db.session.scalar(same) is not None
