"""Who writes and who answers: brands, organizations, contacts with addresses, agents and teams."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base


class Brand(Base):
    """A name the company shows to customers. One exists by default."""

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    """IANA zone in which the days of its reports begin."""


class Organization(Base):
    """A customer company; contacts join it by their mail domain."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]

    domains: Mapped[list[OrganizationDomain]] = relationship(back_populates="organization", lazy="raise")


class OrganizationDomain(Base):
    """A mail domain whose senders belong to the organization; lower case, in A-label form."""

    __tablename__ = "organization_domain"

    domain: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)

    organization: Mapped[Organization] = relationship(back_populates="domains", lazy="raise")


class Contact(Base):
    """A person, or a machine, outside."""

    __tablename__ = "contact"
    __table_args__ = (CheckConstraint("kind IN ('person', 'device')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="person")
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="")
    """IANA zone, empty when unknown."""
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    created_at: Mapped[datetime]

    organization: Mapped[Organization | None] = relationship(lazy="raise")
    addresses: Mapped[list[Address]] = relationship(back_populates="contact", lazy="raise", order_by="Address.id")

    @property
    def actor_kind(self) -> str:
        return "contact"


class Address(Base):
    """One way to reach a contact. `value` is normalised: for e-mail, domain in lower-case A-labels."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str]
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    undeliverable_at: Mapped[datetime | None]
    """When a receiving server last said, for good, that nobody is there."""

    contact: Mapped[Contact] = relationship(back_populates="addresses", lazy="raise")


class Agent(Base):
    """A person inside."""

    __tablename__ = "agent"
    __table_args__ = (
        Index("uq_agent_email", text("lower(email)"), unique=True),
        CheckConstraint("role IN ('admin', 'manager', 'agent')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default="agent")
    password_hash: Mapped[str] = mapped_column(default="")
    """Argon2id; empty until the invitation is taken."""
    zone: Mapped[str] = mapped_column(default="UTC")
    theme: Mapped[str] = mapped_column(default="")
    undo_seconds: Mapped[int] = mapped_column(default=10)
    single_keys: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    @property
    def actor_kind(self) -> str:
        return "agent"

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.email


class Team(Base):
    """A group that owns queues."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id"))
    name: Mapped[str] = mapped_column(unique=True)

    memberships: Mapped[list[Membership]] = relationship(lazy="raise")


class Membership(Base):
    """An agent in a team."""

    __tablename__ = "membership"

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True, index=True)
