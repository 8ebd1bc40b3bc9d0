"""Organizations: made with their mail domains; contacts who write from one belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Address, Contact, Organization, OrganizationDomain

SHARED_DOMAINS = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com"),
        *("gmx.de", "gmx.net", "web.de", "t-online.de", "aol.com", "proton.me", "protonmail.com", "mail.ru"),
        *("qq.com", "163.com"),
    )
)
"""Domains where everybody has an address: they say nothing about a company."""

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")


def create(name: str, *, domains: Iterable[str] = ()) -> Organization:
    """Make an organization; contacts already known under its domains join it.

    Raises:
        Invalid: a domain is not one, is shared by everybody, or belongs to another organization.
    """
    organization = Organization(name=name, created_at=now())
    db.session.add(organization)
    db.session.flush()
    for domain in domains:
        claim(organization, domain)
    return organization


def claim(organization: Organization, domain: str) -> None:
    domain = domain.strip().lower()
    if not _DOMAIN.fullmatch(domain):
        raise Invalid("A mail domain looks like acme.example.", {"domains": f"{domain} is not a mail domain."})
    if domain in SHARED_DOMAINS:
        raise Invalid("Everybody can have an address there.", {"domains": f"{domain} is used by many companies."})
    owner = db.session.get(OrganizationDomain, domain)
    if owner is not None:
        raise Invalid("Another organization has this domain.", {"domains": f"{domain} is taken."})
    db.session.add(OrganizationDomain(domain=domain, organization_id=organization.id))
    db.session.flush()
    of_domain = select(Address.contact_id).where(Address.kind == "email", Address.value.endswith("@" + domain))
    db.session.execute(
        update(Contact)
        .where(Contact.organization_id.is_(None), Contact.id.in_(of_domain))
        .values(organization_id=organization.id)
        .execution_options(synchronize_session=False)
    )
