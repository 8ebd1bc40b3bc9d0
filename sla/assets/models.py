"""Sites, equipment with serials, and warranties by rule."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.db import Base, Json
from helpdesk.people.models import Organization


class Site(Base):
    """A customer's place."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="")
    """IANA zone, empty when unknown."""
    archived_at: Mapped[datetime | None]


class Asset(Base):
    """A piece of equipment with a serial. `serial_key` is the serial as it is looked up: see `serials.key`."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("serial_key"),
        Index("ix_asset_organization_id", "organization_id", "id"),
        Index("ix_asset_site_id", "site_id"),
        Index("ix_asset_service_due_on", "service_due_on", postgresql_where=text("service_due_on IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    serial: Mapped[str]
    serial_key: Mapped[str]
    maker: Mapped[str] = mapped_column(default="")
    model: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")
    """What it is: "condensing unit"."""
    place: Mapped[str] = mapped_column(default="")
    """Where it stands at the site: "Freezer 2"."""
    purchased_on: Mapped[date | None]
    shipped_on: Mapped[date | None]
    installed_on: Mapped[date | None]
    manufactured_on: Mapped[date | None]
    service_months: Mapped[int | None]
    """Months between services; None when it needs none."""
    serviced_on: Mapped[date | None]
    service_due_on: Mapped[date | None]
    parts: Mapped[Json] = mapped_column(default=dict)
    """{"recommended": [{"name", "number", "note"}]}."""
    photo_sha256: Mapped[str] = mapped_column(default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    """The unit this one took the place of; it inherits what was left of its warranties."""
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    organization: Mapped[Organization] = relationship(lazy="raise")
    site: Mapped[Site | None] = relationship(lazy="raise")
    warranties: Mapped[list[Warranty]] = relationship(back_populates="asset", lazy="raise", order_by="Warranty.id")

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.maker, self.model, self.kind)))


class PlannedVisit(Base):
    """A time in which somebody works at a unit, so that its alarms are expected and wake nobody."""

    __tablename__ = "planned_visit"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_planned_visit_asset_id", "asset_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Earlier than planned once somebody said that it is over."""
    reason: Mapped[str]
    planned_by: Mapped[str]
    created_at: Mapped[datetime]
    called_off_at: Mapped[datetime | None]


class Warranty(Base):
    """Time-limited cover of one asset by a rule; months of None mean not covered, -1 lifelong."""

    __tablename__ = "warranty"
    __table_args__ = (
        CheckConstraint("starts IN ('purchase', 'ship', 'install', 'manufacture', 'earliest', 'date')", name="starts"),
        CheckConstraint("(starts = 'date') = (starts_on IS NOT NULL)", name="starts_on"),
        Index("ix_warranty_asset_id", "asset_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str]
    starts: Mapped[str]
    starts_on: Mapped[date | None]
    parts_months: Mapped[int | None]
    labour_months: Mapped[int | None]
    travel_months: Mapped[int | None]
    exclusions: Mapped[str] = mapped_column(default="")
    transferable: Mapped[bool] = mapped_column(default=True)
    """Whether it goes on when the unit belongs to somebody else than at its start."""
    restarts_when_replaced: Mapped[bool] = mapped_column(default=False)
    least_days_when_replaced: Mapped[int] = mapped_column(default=0)
    """A replaced unit has at least so many days, however little was left."""
    holder_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    """Who it was given to."""
    created_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]

    asset: Mapped[Asset] = relationship(back_populates="warranties", lazy="raise")
