"""The tables an outside package reads, and their columns; what we have nothing for is left out of a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "brand": ("id", "name", "active", "subdomain", "url"),
        "organization": ("id", "name", "created_at", "updated_at"),
        "domain_name": ("organization_id", "index", "domain_name"),
        "group": ("id", "name", "created_at", "updated_at", "url"),
        "user": ("id", "name", "role", "active", "suspended", "organization_id", "time_zone", "created_at",
                 "updated_at"),
        "ticket": (
            *("id", "created_at", "updated_at", "status", "priority", "subject", "type", "is_public", "due_at"),
            *("assignee_id", "group_id", "organization_id", "requester_id", "submitter_id", "brand_id"),
            *("merged_ticket_ids", "via_channel", "url"),
        ),
        "ticket_tag": ("ticket_id", "tag"),
        "ticket_comment": ("id", "ticket_id", "user_id", "created", "public", "body", "voice_comment",
                           "facebook_comment", "tweet"),
        "ticket_field_history": ("ticket_id", "field_name", "updated", "user_id", "value"),
        "ticket_schedule": ("ticket_id", "created_at", "schedule_id"),
        "schedule": ("id", "name", "time_zone", "start_time", "end_time", "start_time_utc", "end_time_utc",
                     "created_at"),
        "schedule_holiday": ("id", "schedule_id", "name", "start_date", "end_date"),
        "time_zone": ("time_zone", "standard_offset"),
        "daylight_time": ("time_zone", "year", "daylight_start_utc", "daylight_end_utc", "daylight_offset"),
        "sla_policy_history": ("id", "updated_at", "created_at", "title", "position"),
        "sla_policy_metric_history": ("sla_policy_id", "index", "sla_policy_updated_at", "business_hours", "metric",
                                      "priority", "target"),
    }
)  # fmt: skip
EVERY = ("_fivetran_synced", "_fivetran_deleted")
"""Behind the columns of each table, as its loader adds them."""

METRICS: Mapping[str, str] = MappingProxyType(
    {
        "first_response": "first_reply_time",
        "next_response": "next_reply_time",
        "update": "periodic_update_time",
        "wait": "requester_wait_time",
        "work": "agent_work_time",
    }
)
"""Our metrics by the names they have there; the others exist only with us."""
STATES: Mapping[int, str] = MappingProxyType({1: "open", 2: "pending", 3: "hold", 4: "solved", 5: "closed"})
WAITS: Mapping[str, str] = MappingProxyType({"": "open", "customer": "pending", "part": "hold", "someone": "hold"})
PRIORITIES: Mapping[int, str] = MappingProxyType({1: "low", 2: "normal", 3: "high", 4: "urgent"})


def agent(number: int) -> int:
    """People inside and outside are one table there: agents have odd ids."""
    return 2 * number + 1


def contact(number: int) -> int:
    return 2 * number
