"""Contacts: found by an address, made when it is new, placed in an organization by mail domain."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.db import among, db, new_id, reserve
from helpdesk.now import now
from helpdesk.people.models import Address, Contact, OrganizationDomain


def find_or_create(value: str, *, name: str = "", kind: str = "email") -> Address:
    """The address row of `value` (normalised) with its contact; both are made when nobody has it yet."""
    known = find(value, kind=kind)
    if known is not None:
        _learn_name(known.contact, name)
        return known
    contact = Contact(name=name or value, created_at=now(), organization_id=_organization_of(value, kind))
    db.session.add(contact)
    db.session.flush()
    made = db.session.execute(
        insert(Address)
        .values(contact_id=contact.id, kind=kind, value=value, created_at=now())
        .on_conflict_do_nothing()
        .returning(Address)
    ).scalar_one_or_none()
    if made is not None:
        set_committed_value(made, "contact", contact)
        return made
    db.session.delete(contact)  # another worker was first
    db.session.flush()
    address = find(value, kind=kind)
    if address is None:
        raise LookupError("the address vanished while it was being made")
    return address


def find_or_create_all(people: dict[str, str], *, kind: str = "email", but: Collection[str] = ()) -> dict[str, Address]:
    """The same for many addresses, each with the name it came with, in a handful of statements.

    Those in `but` are only looked for: they may be another address of somebody who is known, or come to nothing.
    """
    found = _find_all(list(people), kind)
    for value, address in found.items():
        _learn_name(address.contact, people[value])
    unknown = {value: name for value, name in people.items() if value not in found and value not in but}
    if unknown:
        found |= _create_all(unknown, kind)
        found |= _find_all([value for value in unknown if value not in found], kind)
    return found


def add_address(contact: Contact, value: str, *, kind: str) -> Address:
    """A further address of a contact; one that somebody has already stays theirs. Twice is harmless."""
    known = find(value, kind=kind)
    if known is not None:
        return known
    address = Address(contact_id=contact.id, kind=kind, value=value, created_at=now())
    set_committed_value(address, "contact", contact)
    db.session.add(address)
    db.session.flush()
    return address


def hand_over(contact: Contact, value: str, *, kind: str) -> Address:
    """The address is this contact's from now on, whoever had it: numbers are given to others. Twice is harmless."""
    address = add_address(contact, value, kind=kind)
    if address.contact_id != contact.id:
        address.contact_id = contact.id
        db.session.flush()
        db.session.expire(address, ["contact"])
        set_committed_value(address, "contact", contact)
    return address


def find_or_create_machines(named: dict[str, str]) -> dict[str, Address]:
    """The same for machines, by what names each of them here, with its name; they belong to no customer yet."""
    found = _find_all(list(named), "device")
    unknown = {value: name for value, name in named.items() if value not in found}
    if unknown:
        found |= _create_all(unknown, "device")
        found |= _find_all([value for value in unknown if value not in found], "device")
    return found


def find(value: str, *, kind: str = "email") -> Address | None:
    return db.session.scalars(
        select(Address).where(Address.kind == kind, Address.value == value).options(joinedload(Address.contact))
    ).one_or_none()


def _learn_name(contact: Contact, name: str) -> None:
    if name and "@" in contact.name and "@" not in name:
        contact.name = name


def _find_all(values: list[str], kind: str) -> dict[str, Address]:
    if not values:
        return {}
    asked = (
        select(Address).where(Address.kind == kind, among(Address.value, values)).options(joinedload(Address.contact))
    )
    return {address.value: address for address in db.session.scalars(asked)}


def _create_all(people: dict[str, str], kind: str) -> dict[str, Address]:
    """Contacts with one address each; an address that somebody else made meanwhile stays theirs and is not given."""
    domains = {value: value.rpartition("@")[2] if kind == "email" else "" for value in people}
    asked = select(OrganizationDomain.domain, OrganizationDomain.organization_id)
    asked = asked.where(among(OrganizationDomain.domain, set(domains.values())))
    owners = {row.domain: row.organization_id for row in db.session.execute(asked)}
    reserve(contact=len(people))
    made = {
        value: Contact(
            id=new_id("contact"),
            kind="device" if kind == "device" else "person",
            name=name or value,
            created_at=now(),
            organization_id=owners.get(domains[value]),
        )
        for value, name in people.items()
    }
    db.session.add_all(made.values())
    db.session.flush()
    rows = [
        {"contact_id": contact.id, "kind": kind, "value": value, "created_at": now()} for value, contact in made.items()
    ]
    added = insert(Address).on_conflict_do_nothing().returning(Address)
    kept = {address.value: address for address in db.session.scalars(added, rows)}
    for value, contact in made.items():
        if value in kept:
            set_committed_value(kept[value], "contact", contact)
        else:
            db.session.delete(contact)
    return kept


def _organization_of(value: str, kind: str) -> int | None:
    if kind != "email":
        return None
    domain = value.rpartition("@")[2]
    return db.session.scalars(
        select(OrganizationDomain.organization_id).where(OrganizationDomain.domain == domain)
    ).one_or_none()
