"""The webhook of Prometheus' Alertmanager, version 4: each alert of the group is one report.

Source: prometheus.io/docs/alerting/latest/configuration/#webhook_config. A notification is repeated every
`repeat_interval` with the same words, and sent again at once when we did not answer. Within one hour these two are the
same event, later they are news: the fault is still there.
"""

from __future__ import annotations

from collections.abc import Sequence

from channels.adapter import Envelope, Quarantine
from channels.device import telling
from channels.device.telling import Words
from channels.payloads import Payload

LABELS = ("serial", "device", "instance")
"""Which labels name the device, the first that an alert has."""
_DULL = frozenset({"alertname", "severity"})


def is_one(body: Payload) -> bool:
    return "alerts" in body and ("groupKey" in body or "receiver" in body)


def name(alert: Payload, hour: str) -> str:
    """What is the same when it comes again; `hour` is that of its arrival."""
    over = alert.text("status") == "resolved"
    when = alert.text("endsAt") if over else f"{alert.text('startsAt')} {hour}"
    return f"{_fingerprint(alert)} {'over' if over else 'there'} {alert.text('startsAt')} {when}"


def read(alert: Payload, labels: Sequence[str], key_id: int | None = None) -> Envelope:
    """The envelope of one alert. Its fault is known by Alertmanager's fingerprint, which all its labels make.

    Raises:
        Quarantine: none of the labels that name the device is there.
    """
    told, notes = alert.part("labels"), alert.part("annotations")
    device = next((text for label in labels if (text := told.text(label))), "")
    if not device:
        raise Quarantine(f"It does not say which device it is about: it has no label {' or '.join(labels)}.")
    over = alert.text("status") == "resolved"
    others = Payload({key: value for key, value in told.fields.items() if key not in _DULL})
    described = notes.text("description") or notes.text("message")
    words = Words(
        device=device,
        fault=_fingerprint(alert),
        state="recovered" if over else "firing",
        title=notes.text("summary") or told.text("alertname"),
        text="\n\n".join(filter(None, [described, telling.listed(others), alert.text("generatorURL")[:500]])),
        serial=told.text("serial"),
        severity=told.text("severity"),
        at=alert.text("endsAt") if over else alert.text("startsAt"),
    )
    return telling.envelope(words, key_id)


def _fingerprint(alert: Payload) -> str:
    """Older ones send none; then the labels themselves are it."""
    labels = alert.part("labels").fields
    written = ",".join(f"{key}={labels[key]}" for key in sorted(labels))
    return alert.text("fingerprint") or written[: telling.LONGEST_NAME]
