"""The product as it runs in a campaign: the same plugins, with pauses of a second where a day would have minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask

from channels import dispatch
from channels.plugin import plugin as channels
from channels.settling import Pace
from helpdesk.app import create_app as build
from sla.escalations import limits, paging
from sla.plugin import plugin as sla
from sla.saved import sending

QUICK = Pace(
    pauses=(0.5, 1.0, 2.0),
    resend=0.5,
    sign_in=2.0,
    no_channel=2.0,
    requeue_after=timedelta(seconds=2),
    unbegun_after=timedelta(seconds=3),
    lost_after=timedelta(seconds=10),
)
"""`lost_after` stays above what a sending with the campaign's time-outs can last."""


def deliver(delivery_id: int) -> None:
    dispatch.deliver(delivery_id, pace=QUICK)


def requeue() -> Any:
    return dispatch.requeue(pace=QUICK)


def reclaim() -> Any:
    return dispatch.reclaim(pace=QUICK)


def fall_due() -> None:
    sending.tick()


def create_app() -> Flask:
    paging.BUNDLE = timedelta(seconds=2)
    limits.LIMITS = {**limits.LIMITS, "email": ((timedelta(seconds=2), 1),)}
    jobs = {**channels.jobs, "deliver": deliver}
    every = {**channels.every, 1: [*channels.every[1], requeue, reclaim]}
    sending.STALLED = timedelta(seconds=4)
    promising = replace(sla, every={**sla.every, 1: [*sla.every[1], fall_due]})
    return build([replace(channels, jobs=jobs, every=every), promising])
