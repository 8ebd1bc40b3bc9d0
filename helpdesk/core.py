"""The core's own wiring table."""

from __future__ import annotations

from helpdesk.access import sweeping
from helpdesk.demo.commands import seed
from helpdesk.plugins import Plugin
from helpdesk.tickets import gauging
from helpdesk.ticking import beat, call_out, wake
from helpdesk.web import (
    conversation,
    exports,
    files,
    health,
    inbox,
    live,
    merging,
    metrics,
    newticket,
    originals,
    profile,
    savedviews,
    signin,
    splitting,
    team,
    ticket,
    ticketsheet,
    triage,
)

plugin = Plugin(
    "core",
    every={1: [wake], 10: [beat], 60: [call_out], 3600: [sweeping.tick]},
    commands=[seed],
    blueprints=[
        health.bp,
        metrics.bp,
        signin.bp,
        inbox.bp,
        savedviews.bp,
        newticket.bp,
        ticket.bp,
        conversation.bp,
        triage.bp,
        merging.bp,
        splitting.bp,
        files.bp,
        exports.bp,
        originals.bp,
        live.bp,
        team.bp,
        profile.bp,
    ],
    exports=[ticketsheet.EXPORT],
    gauges=[gauging.gauges],
)
