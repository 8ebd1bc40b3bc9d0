"""Templates: the approved ones as WhatsApp lists them, and one with its gaps filled as the call that sends it.

Gaps are {{1}} or {{first_name}}, in a header of text, in the body and at the end of a button's address
(business-messaging/whatsapp/templates/overview, /components). Templates with other parts (pictures, flows, codes,
cards) are not offered here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from channels.adapter import Quarantine
from channels.meta.graph.asking import get
from channels.meta.graph.connection import Connection
from channels.payloads import Payload
from channels.templates import Gap, Template
from helpdesk.tickets.inputs import Prepared

_GAP = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}")
_PAGES = 5
_FIELDS = "name,status,category,language,components,parameter_format"
_LEFT_OUT = "It has a part that is not filled here."


def listed(connection: Connection) -> list[Template]:
    """Those that can be sent from here, by name and language.

    Raises:
        SendError: WhatsApp does not say.
    """
    found: list[Template] = []
    after: dict[str, str] = {}
    for _ in range(_PAGES):
        path = f"{connection.business}/message_templates"
        page = get(connection, path, {"fields": _FIELDS, "status": "APPROVED", "limit": "100", **after})
        found += [one for one in map(_template, page.parts("data")) if one is not None]
        cursor = page.part("paging").part("cursors").text("after")
        if not cursor or "next" not in page.part("paging"):
            break
        after = {"after": cursor}
    return sorted(found, key=lambda one: (one.name, one.language))


def filled(prepared: Prepared) -> dict[str, Any]:
    """The template object of the call."""
    components: dict[str, dict[str, Any]] = {}
    for key, value in prepared.values:
        where, _, gap = key.partition(":")
        component = components.setdefault(where, _component(where))
        named = {} if gap.isdecimal() else {"parameter_name": gap}
        component["parameters"].append({"type": "text", **named, "text": value})
    return {
        "name": prepared.name,
        "language": {"code": prepared.language},
        "components": list(components.values()),
    }


def _component(where: str) -> dict[str, Any]:
    if where.startswith("button"):
        return {"type": "button", "sub_type": "url", "index": where.removeprefix("button"), "parameters": []}
    return {"type": where, "parameters": []}


def _template(told: Payload) -> Template | None:
    """None when it is not approved, or has what cannot be filled here."""
    if told.text("status") != "APPROVED" or told.text("category") == "AUTHENTICATION":
        return None
    try:
        parts = [part for one in told.parts("components") for part in _parts(one)]
    except Quarantine:
        return None
    text = "\n\n".join(text for text, _ in parts if text)
    gaps = tuple(gap for _, gaps in parts for gap in gaps)
    return Template(told.text("name"), told.text("language"), told.text("category").capitalize(), text, gaps)


def _parts(component: Payload) -> Iterator[tuple[str, list[Gap]]]:
    """The words of a component, with its gaps under names that are unique in the template.

    Raises:
        Quarantine: it is not of words.
    """
    what, text = component.text("type").upper(), component.text("text")
    if what == "HEADER" and component.text("format") in {"", "TEXT"}:
        yield _with_gaps("header", text, _examples(component, "header_text"))
    elif what == "BODY":
        yield _with_gaps("body", text, _examples(component, "body_text"))
    elif what == "FOOTER":
        yield text, []
    elif what == "BUTTONS":
        for index, button in enumerate(component.parts("buttons")):
            yield _button(index, button)
    else:
        raise Quarantine(_LEFT_OUT)


def _button(index: int, button: Payload) -> tuple[str, list[Gap]]:
    kind, label = button.text("type"), button.text("text")
    if kind == "URL":
        address, gaps = _with_gaps(f"button{index}", button.text("url"), {})
        return f"[{label}: {address}]", gaps
    if kind in {"QUICK_REPLY", "PHONE_NUMBER"}:
        return f"[{' '.join(filter(None, [label, button.text('phone_number')]))}]", []
    raise Quarantine(_LEFT_OUT)


def _with_gaps(where: str, text: str, examples: dict[str, str]) -> tuple[str, list[Gap]]:
    names = list(dict.fromkeys(_GAP.findall(text)))
    gaps = [Gap(f"{where}:{name}", _label(where, name), examples.get(name, "")) for name in names]
    return _GAP.sub(lambda found: f"{{{{{where}:{found[1]}}}}}", text), gaps


def _label(where: str, name: str) -> str:
    words = f"Gap {name}" if name.isdecimal() else name.replace("_", " ").capitalize()
    place = {"header": " of the heading", "body": ""}.get(where, " of the link")
    return f"{words}{place}"


def _examples(component: Payload, field: str) -> dict[str, str]:
    """What was given when the template was approved: lists for numbers, objects for names."""
    example = component.part("example")
    named = {one.text("param_name"): one.text("example") for one in example.parts(f"{field}_named_params")}
    given = example.fields.get(field)
    row = given[0] if isinstance(given, list) and given and isinstance(given[0], list) else given
    numbered = row if isinstance(row, list) else []
    return {**{str(place): str(one) for place, one in enumerate(numbered, 1)}, **named}
