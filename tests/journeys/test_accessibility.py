"""axe finds nothing on any page, in both themes, wide and narrow; nothing scrolls sideways, every target can be hit."""

from __future__ import annotations

import re
from collections.abc import Callable
from secrets import token_hex

import pytest
from playwright.sync_api import Page

from channels import signing
from helpdesk.vault import Vault, key_file, read_keys
from tests.journeys.conftest import Sit
from tests.journeys.desk import DEV, MAYA, Desk
from tests.journeys.post import Post
from tests.journeys.product import ROOT, Product

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
SMALLEST = {"width": 360, "height": 740}

_AUDIT = """(rules) => axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }).then(
  (found) => found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join("; ")}`))"""
_SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"
_SMALL = """() => [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea, [role=tab]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest("p, .sr, .skip, label:has(.sr)") && !one.matches(".sr"))
  .map((one) => [one, (one.matches(".check, .switch") ? one.closest("label") ?? one : one).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .map(([one, box]) => `${one.tagName} ${(one.textContent || one.getAttribute("aria-label") || one.name || "").trim().slice(0, 40)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


def ticket(product: Product) -> str:
    return f"/tickets/{product.ask('SELECT number FROM ticket WHERE status = 1 ORDER BY message_count DESC, id LIMIT 1')[0]}"


def in_menus(page: Page, name: str, within: str = "body") -> list[str]:
    """Every menu that can be seen there, opened by a click as by hand."""
    summaries = page.locator(f"{within} details.menu > summary")
    found, opened = [], 0
    for place in range(summaries.count()):
        summary = summaries.nth(place)
        if not summary.is_visible():
            continue
        summary.click()
        menu = page.locator("details.menu[open] > .popover")
        menu.wait_for()
        found += audit(page, f"{name}, {summary.inner_text().strip() or summary.get_attribute('aria-label')}")
        sideways = page.evaluate(_SIDEWAYS)
        found += [f"{name}: {sideways} px too wide"] if sideways > 0 else []
        page.keyboard.press("Escape")
        menu.wait_for(state="hidden")
        opened += 1
    assert opened, name
    return found


def in_menus_by_key(page: Page) -> list[str]:
    found = []
    for key in ("a", "h", "p", "l", "Shift+H"):
        page.keyboard.press(key)
        page.locator("details.menu[open]").first.wait_for()
        found += audit(page, f"menu {key}")
        page.keyboard.press("Escape")
    return found


def policy(product: Product, more: str = "") -> str:
    return f"/policies/{product.ask('SELECT id FROM sla_policy ORDER BY rank LIMIT 1')[0]}{more}"


def units_from_a_file(product: Product) -> str:
    return f"/customers/{product.ask('SELECT id FROM organization ORDER BY id LIMIT 1')[0]}/equipment/import"


def drafted(page: Page) -> None:
    page.get_by_label("Within").first.fill("1")
    page.get_by_role("button", name="Keep in the draft").first.click()
    page.wait_for_url("**said=drafted")
    page.goto(page.url.partition("?")[0] + "/force")
    page.get_by_role("heading", name="The difference").wait_for()


def chosen(page: Page) -> None:
    table = b"Serial,Model,Site\nKX-10001,KX-40,\nKX-10002,KX-40,Nowhere\n"
    page.locator("#units-file").set_input_files({"name": "units.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("columnheader", name="What is wrong").wait_for()


def two(product: Product) -> tuple[int, int]:
    post = Post(product)
    return post.write("A double"), post.write("The first")


def merging(product: Product) -> str:
    double, first = two(product)
    return f"/tickets/{double}/merge?into={first}"


def merged(page: Page) -> None:
    path = page.url.partition("/merge")[0]
    page.get_by_role("button", name="Merge all the same").click()
    page.wait_for_url("**undo=*")
    page.goto(path)


def second(product: Product) -> object:
    """A second message, with one after it."""
    post, sender = Post(product), "Zoe Quill <zoe@quill.example>"
    first = post.mail("Three things", sender=sender)
    post.send(first)
    number = post.ticket_of(first)
    for _ in range(2):
        later = post.mail("Re: Three things", "And this.", sender=sender)
        later["In-Reply-To"] = first["Message-ID"]
        post.send(later)
        post.ticket_of(later)
    asked = "SELECT message.id FROM message JOIN ticket ON ticket.id = ticket_id WHERE number = %s ORDER BY 1 OFFSET 1"
    return product.ask(asked, number)[0]


def nameless(page: Page) -> None:
    page.get_by_label("Subject").fill("")
    page.get_by_role("button", name="Make it a ticket").click()
    page.locator("[aria-invalid=true]").wait_for()


def prepaid(product: Product) -> int:
    """A ticket under an agreement with ten hours bought ahead."""
    name, address, contract = product.ask(
        "SELECT contact.name, value, contract.id FROM contract JOIN contact USING (organization_id)"
        " JOIN address ON contact_id = contact.id ORDER BY contract.id LIMIT 1"
    )
    bought = (
        "INSERT INTO prepaid_balance (contract_id, unit, bought, bought_on, round_to, grace, least, warn_percent,"
        " created_at) VALUES (%s, 'minutes', 600, '2020-01-01', 1, 0, 0, 80, now()) RETURNING id"
    )
    assert product.ask(bought, contract)
    return Post(product).write("Iced over", sender=f"{name} <{address}>")


def noting(page: Page) -> None:
    page.get_by_role("button", name="Note time").click()
    page.locator("[aria-invalid=true]").first.wait_for()


def report(product: Product) -> int:
    """A saved report of Maya's that is mailed."""
    made = (
        "INSERT INTO saved_report (owner_id, name, table_key, query, is_shared, created_at)"
        " SELECT id, 'Kept by team', 'promises', 'by=team', true, now() FROM agent WHERE email = %s RETURNING id"
    )
    number = product.ask(made, MAYA)[0]
    plan = (
        '{"cadence": "weekly", "at": 28800, "zone": "Europe/Oslo", "language": "en", "agent_ids": [1], "weekday": 0,'
        ' "day": 1, "days": "before", "format": "xlsx"}'
    )
    mailed = (
        "INSERT INTO report_schedule (report_id, owner_id, plan, paused_at, pause_reason, created_at)"
        " SELECT id, owner_id, %s::jsonb, now(), '', now() FROM saved_report WHERE id = %s RETURNING id"
    )
    assert product.ask(mailed, plan, number)
    return int(number)


def saved_reports(product: Product) -> str:
    report(product)
    return "/promises/saved"


def nameless_report(page: Page) -> None:
    page.locator("details.menu > summary", has_text="Save").first.click()
    page.locator("details.menu[open] form").get_by_role("button", name="Save").evaluate(
        "(one) => one.form.noValidate = true"
    )
    page.locator("details.menu[open] form").get_by_role("button", name="Save").click()
    page.locator("[aria-invalid=true]").wait_for()


def to_nobody(page: Page) -> None:
    for box in page.locator("input[name=agents]:checked").all():
        box.uncheck()
    page.get_by_label("Each month on day").fill("40")
    page.get_by_role("button", name="Save").click()
    page.locator("[aria-invalid=true]").first.wait_for()


def worked(page: Page) -> None:
    """Time noted, an engineer sent; the panel with both, and with the form for more."""
    page.locator("summary", has_text="Note time").click()
    page.get_by_label("Time worked").fill("45")
    page.get_by_label("What was done").fill("Cleaned the coil")
    page.get_by_role("button", name="Note time").click()
    page.get_by_text("Prepaid time").wait_for()
    page.get_by_role("button", name="Send an engineer").click()
    page.goto(page.url.partition("?")[0] + "?pane=context")
    page.get_by_role("button", name="Call back").wait_for()
    page.locator("summary", has_text="Note time").click()


def priced(page: Page) -> None:
    """A rate that does not fit, beside the others."""
    page.get_by_label("Amount").fill("much")
    page.get_by_role("button", name="Write it down").click()
    page.locator("[aria-invalid=true]").wait_for()


def agreement(product: Product, more: str = "") -> str:
    contract, organization = product.ask("SELECT id, organization_id FROM contract ORDER BY id LIMIT 1")
    return f"/customers/{organization}/agreements/{contract}{more}"


def statement(product: Product, more: str = "") -> str:
    """Of the month in which the most was decided."""
    asked = "SELECT to_char(day, 'YYYY-MM') FROM promise_outcome WHERE contract_id = (SELECT min(id) FROM contract)"
    (month,) = product.ask(f"{asked} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    return agreement(product, f"/statements/{month}{more}")


def unissued(page: Page) -> None:
    """Issued where its month is over, else as it is; then a correction without a reason."""
    issue = page.get_by_role("button", name="Issue the statement")
    if issue.count():
        issue.click()
        page.wait_for_url("**said=issued")
    correct = page.get_by_role("button", name="Issue a correction")
    if correct.count():
        correct.click()
        page.locator("[aria-invalid=true]").wait_for()


def rota(product: Product, more: str = "") -> str:
    return f"/on-call/{product.ask('SELECT min(id) FROM oncall_schedule')[0]}{more}"


def overheard(product: Product) -> str:
    """Two posts of a feed that is connected, one of them long, ignored and tagged, and a source that is silent."""
    source = (
        "INSERT INTO channel (kind, brand_id, name, address, aliases, config, secrets, cursor, state, state_text,"
        " acknowledges, created_at, paused_at, last_inbound_at, silent_since) SELECT 'feed', min(id), %s, %s, '{}', '{}',"
        " '{}', '{}', 'slowed', 'talk.example asks us to wait.', false, now(), NULL, now(), now() FROM brand"
        " ON CONFLICT (kind, address) DO UPDATE SET name = excluded.name RETURNING id"
    )
    channel = product.ask(source, "Cold talk", "http://127.0.0.1:9/feed.xml")[0]
    post = (
        "INSERT INTO observed_post (channel_id, name, url, title, text, html, author_name, author_address, digest,"
        " heard_at, state, tags, inbound_id, words) VALUES (%s, %s, 'https://talk.example/1', %s, %s, '', 'Nora Lind',"
        " 'nora@talk.example', '', now(), %s, %s, 1, '') ON CONFLICT DO NOTHING RETURNING id"
    )
    product.ask(post, channel, "1", "Our robot arm stops every night", "Has anybody seen this?", "new", [])
    product.ask(post, channel, "2", "", "It stops. " * 200, "new", ["noise", "arm of cell 4"])
    return "/heard"


def untagged(page: Page) -> None:
    page.locator("summary", has_text="Tags").first.click()
    page.get_by_label("Tags, with commas between them").first.fill("x" * 60)
    page.get_by_role("button", name="Save tags").first.click()
    page.locator("[aria-invalid=true]").wait_for()


def read_whole(page: Page) -> None:
    page.locator("summary", has_text="Read it all").click()


def unfolded(page: Page) -> None:
    """Every picture as its table."""
    for table in page.locator("details.as-table > summary").all():
        table.click()


def deciding(product: Product) -> str:
    running = "SELECT min(id) FROM commitment WHERE outcome IN ('running', 'broken') AND ended_at IS NULL"
    return f"/promises/open/{product.ask(running)[0]}"


def undecided(page: Page) -> None:
    page.get_by_role("button", name="Leave it alone").click()
    page.locator("[aria-invalid=true]").first.wait_for()


def filtering(page: Page) -> None:
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Channel", exact=True).wait_for()


def misnamed(page: Page) -> None:
    page.get_by_label("Their mail address").fill("olive@")
    page.get_by_role("button", name="Ask for proof").click()
    page.locator("[aria-invalid=true]").wait_for()


def miscounted(page: Page) -> None:
    page.get_by_role("button", name="Ja, das bin ich").click()
    page.locator("[aria-invalid=true]").wait_for()


def asking(product: Product) -> str:
    """The link that somebody was sent who writes German."""
    number = Post(product).write()
    nonce, at = token_hex(16), "now(), now() + interval '1 day'"
    asked = (
        "INSERT INTO contact_proof (contact_id, email, kind, language, nonce, created_at, expires_at, tries)"
        f" SELECT contact_id, 'olive@orchard.example', 'telegram', 'de', %s, {at}, 0 FROM ticket WHERE number = %s"
        " RETURNING id"
    )
    text = f"{product.ask(asked, nonce, number)[0]}.{nonce}"
    keys = Vault(read_keys(key_file(product.var / "secret.key"))).derive("contact-proof")
    return f"/proof/{text}.{signing._mac(keys[0], text)}"


def one_person(product: Product, more: str = "") -> str:
    """A ticket of somebody who was joined with somebody else, as a row of the database says it."""
    first, second = (
        product.ask("SELECT id, contact_id FROM ticket WHERE number = %s", Post(product).write()) for _ in range(2)
    )
    made = (
        "INSERT INTO contact_join (contact_id, into_id, joined_at, address_ids, message_ids) SELECT %s, %s, now(),"
        " array_agg(id), '{}' FROM address WHERE contact_id = %s RETURNING id"
    )
    join = product.ask(made, second[1], first[1], second[1])[0]
    product.ask("INSERT INTO joined_ticket VALUES (%s, %s, false) RETURNING join_id", join, second[0])
    number = product.ask("SELECT number FROM ticket WHERE id = %s", first[0])[0]
    return f"/tickets/{number}/person{more.format(join=join)}" if more else f"/tickets/{number}?pane=context"


def note(page: Page) -> None:
    page.get_by_role("tab", name="Note to team").click()


def keys(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


def address(page: Page) -> None:
    page.get_by_label("Address customers write to").fill("nobody@nowhere.example")
    page.get_by_label("Name customers see").fill("Nobody")
    page.locator("form .btn--primary").click()
    page.locator("#imap_host").wait_for()


def mistakes(page: Page) -> None:
    page.get_by_role("button", name="Connect").click()
    page.locator("[aria-invalid=true]").first.wait_for()


def tried(page: Page) -> None:
    page.get_by_role("button", name="Test it").click()
    page.frame_locator("iframe[name=trial]").locator(".notice").wait_for(timeout=30_000)


def asked(email: str) -> Step:
    def ask(page: Page) -> None:
        page.get_by_label("Work email").fill(email)
        page.get_by_role("button", name="Send me a link").click()
        page.locator("main").get_by_role("button").or_(
            page.get_by_role("link", name="Back to sign-in")
        ).first.wait_for()

    return ask


def too_short(page: Page) -> None:
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set this password").click()
    page.locator("[aria-invalid=true]").wait_for()


Step = Callable[[Page], None]
Place = tuple[str, Callable[[Product], str] | str, tuple[Step, ...]]

INSIDE: tuple[Place, ...] = (
    *(
        (f"view {view}", f"/inbox/{view}", ())
        for view in ("next-up", "mine", "unassigned", "waiting", "snoozed", "done")
    ),
    ("empty view", "/inbox/spam", ()),
    ("narrowed view", "/inbox/next-up?promise=soon&person=nobody&sort=newest", ()),
    ("saved view", "/inbox/next-up?promise=soon", ()),
    ("nothing fits", "/inbox/next-up?priority=urgent&channel=slack", ()),
    ("filter", "/inbox/next-up/filter?promise=soon", ()),
    ("filter, mistakes", "/inbox/next-up/filter?go=1&customer_name=nobody-at-all", ()),
    ("new saved view", "/views/new?view=next-up%3Fpriority%3Dhigh", ()),
    ("ticket", ticket, ()),
    ("ticket, note", ticket, (note,)),
    ("ticket, customer", lambda product: f"{ticket(product)}?pane=context", ()),
    ("keys", "/inbox/next-up", (keys,)),
    ("new ticket", "/tickets/new", ()),
    ("people", "/settings/people", ()),
    ("profile", "/settings/profile", ()),
    ("mailboxes", "/settings/mailboxes", ()),
    ("mailbox", lambda product: f"/settings/mailboxes/{product.ask('SELECT min(id) FROM channel')[0]}", ()),
    ("mailbox, test", lambda product: f"/settings/mailboxes/{product.ask('SELECT min(id) FROM channel')[0]}", (tried,)),
    ("mailbox, edit", lambda product: f"/settings/mailboxes/{product.ask('SELECT min(id) FROM channel')[0]}/edit", ()),
    ("new mailbox", "/settings/mailboxes/new", ()),
    ("new mailbox, its form", "/settings/mailboxes/new", (address,)),
    ("new mailbox, mistakes", "/settings/mailboxes/new", (address, mistakes)),
    ("channels", "/settings/channels", ()),
    ("new bot", "/settings/channels/new/telegram", ()),
    ("new bot, mistakes", "/settings/channels/new/telegram", (mistakes,)),
    ("where everything ended", "/settings/channels/accounting", ()),
    ("new source", "/settings/channels/new/mastodon", ()),
    ("new source, mistakes", "/settings/channels/new/discourse", (mistakes,)),
    ("heard elsewhere", overheard, (read_whole,)),
    ("heard elsewhere, mistakes", overheard, (untagged,)),
    ("heard elsewhere, nothing found", "/heard?show=all&q=nobody", ()),
    ("quarantine", "/settings/quarantine", ()),
    ("discarded", "/settings/quarantine?show=discarded", ()),
    ("rota", rota, ()),
    ("rota, month", lambda product: rota(product, "?month=2026-12"), ()),
    ("rota, a night tried", lambda product: rota(product, "?arrives=2026-10-17T03:12"), ()),
    ("rotas", "/on-call?all", ()),
    ("rota, edit", lambda product: rota(product, "/edit"), ()),
    ("new rota", "/on-call/new", ()),
    ("rota, change", lambda product: rota(product, "/change"), ()),
    ("rota, swap", lambda product: rota(product, "/swap"), ()),
    ("away", "/on-call/away", ()),
    ("calendar feeds", "/on-call/feeds", ()),
    ("policies", "/policies?agreement=Silver&tag=quote", ()),
    ("new policy", "/policies/new", ()),
    ("policy", policy, ()),
    ("policy, a promise", lambda product: policy(product, "?open=first_response"), ()),
    ("policy, one more promise and condition", lambda product: policy(product, "?open=new&and=tag"), ()),
    ("policy, history", lambda product: policy(product, "/history"), ()),
    (
        "policy, what open tickets would be promised",
        lambda product: policy(product, "?open=first_response"),
        (drafted,),
    ),
    ("units from a file", units_from_a_file, ()),
    ("units from a file, what does not fit", units_from_a_file, (chosen,)),
    ("merge, find", lambda product: f"/tickets/{two(product)[0]}/merge", ()),
    ("merge, not that one", lambda product: f"/tickets/{two(product)[0]}/merge?into=999999", ()),
    ("merge, two customers", merging, ()),
    ("merged", merging, (merged,)),
    ("its own ticket", lambda product: f"/messages/{second(product)}/own-ticket", ()),
    ("its own ticket, mistake", lambda product: f"/messages/{second(product)}/own-ticket", (nameless,)),
    ("time", lambda product: f"/tickets/{prepaid(product)}/time", ()),
    ("time, mistakes", lambda product: f"/tickets/{prepaid(product)}/time", (noting,)),
    ("ticket, time and visits", lambda product: f"/tickets/{prepaid(product)}?pane=context", (worked,)),
    ("escalation policies, tried", "/on-call/escalations?customer=&arrives=2026-10-17T03:12", ()),
    ("new escalation policy", "/on-call/escalations/new", ()),
    ("how you are reached", "/settings/on-call", ()),
    ("promises", "/promises", ()),
    ("promises, its menus", "/promises?period=week&team=1&by=team", (filtering,)),
    ("promises by promise", "/promises?period=quarter&by=promise", ()),
    ("promises, a day that is none", "/promises?from=2026-02-31", ()),
    ("promises, none in these days", "/promises?from=2020-01-01&to=2020-01-02", ()),
    ("promises, the broken", "/promises/tickets?period=quarter&what=broken", ()),
    ("promises, requests", "/promises/tickets?what=requests&channel=email", ()),
    ("promises at risk", "/promises/open", ()),
    ("promise, decide", deciding, ()),
    ("promise, decide, mistakes", deciding, (undecided,)),
    ("promises by hour", "/promises/hours", ()),
    ("promises of the next day", "/promises/next", ()),
    ("service", "/promises/service?period=year", ()),
    ("service, its tables and menus", "/promises/service?period=year&by=topic&channel=email", (unfolded, filtering)),
    ("service, a day that is none", "/promises/service?from=2026-02-31", ()),
    ("service, none in these days", "/promises/service?from=2020-01-01&to=2020-01-02", ()),
    ("service, first replies", "/promises/service/tickets?period=year&what=first", ()),
    ("service, open tickets", "/promises/service/tickets?period=year&what=open", ()),
    ("service, wakes", "/promises/service/wakes?period=year&who=1", ()),
    ("saved reports", saved_reports, ()),
    ("save a report, mistake", "/promises?by=team", (nameless_report,)),
    ("rename a report", lambda product: f"{saved_reports(product)}/{report(product)}/edit", ()),
    ("mail a report", lambda product: f"{saved_reports(product)}/{report(product)}/mail", ()),
    ("mail a report, mistakes", lambda product: f"{saved_reports(product)}/{report(product)}/mail", (to_nobody,)),
    ("money", "/promises/money?period=year", (unfolded,)),
    ("money by agreement", "/promises/money?period=quarter&by=agreement", ()),
    ("money by month", "/promises/money?period=year&by=month&customer=1", ()),
    ("money, a day that is none", "/promises/money?from=2026-02-31", ()),
    ("money, none in these days", "/promises/money?from=2020-01-01&to=2020-01-02", ()),
    ("money, what is behind a cost", "/promises/money/behind?period=year&what=cost", ()),
    ("money, what is behind an income", "/promises/money/behind?period=year&what=income", ()),
    ("rates", "/promises/money/rates", ()),
    ("rates, mistakes", "/promises/money/rates", (priced,)),
    ("customer, money", lambda product: f"{agreement(product).partition('/agreements')[0]}/money", ()),
    ("customer", lambda product: agreement(product).partition("/agreements")[0], ()),
    ("agreement", agreement, ()),
    ("agreement, a quarter", lambda product: agreement(product, "?period=quarter"), ()),
    ("statements", lambda product: agreement(product, "/statements"), ()),
    ("statement", statement, ()),
    ("statement, mistakes", statement, (unissued,)),
    ("promises, definitions", "/promises/definitions", ()),
    ("ask for proof", lambda product: f"/tickets/{Post(product).write()}/person", ()),
    ("ask for proof, mistake", lambda product: f"/tickets/{Post(product).write()}/person", (misnamed,)),
    ("ticket, one person", one_person, ()),
    ("take a person apart", lambda product: one_person(product, "/joins/{join}"), ()),
    ("no such page", "/nowhere", ()),
    ("no such ticket", "/tickets/1", ()),
)
OUTSIDE: tuple[Place, ...] = (
    ("sign-in", "/sign-in", ()),
    ("sign-in, mistakes", "/sign-in", (lambda page: page.get_by_role("button", name="Sign in").click(),)),
    ("forgot", "/sign-in/forgot", ()),
    ("forgot, mistakes", "/sign-in/forgot", (asked("tomas@"),)),
    ("forgot, sent", "/sign-in/forgot", (asked("nobody@halden.example"),)),
    ("reset", lambda product: link(product, "link", "tomas@halden.example"), ()),
    ("reset, mistakes", lambda product: link(product, "link", "tomas@halden.example"), (too_short,)),
    (
        "invitation",
        lambda product: link(product, "add", f"new-{token_hex(4)}@halden.example", "--name", "Ida Lund"),
        (),
    ),
    ("a link that is gone", "/invitation/nothing", ()),
    ("is that you", asking, ()),
    ("is that you, not that code", asking, (miscounted,)),
    ("a proof that is gone", "/proof/nothing", ()),
)
FORBIDDEN: tuple[Place, ...] = (
    ("mailboxes of others", "/settings/mailboxes/new", ()),
    ("people, as an agent", "/settings/people", ()),
    ("money, as an agent", "/promises/money", ()),
)


def link(product: Product, *words: str) -> str:
    return product.flask("agent", *words).strip().removeprefix(product.url)


def audit(page: Page, name: str) -> list[str]:
    for frame in page.frames:
        if not frame.evaluate("() => 'axe' in window"):
            frame.evaluate(AXE.read_text())
    return [f"{name}: {found}" for found in page.evaluate(_AUDIT, RULES)]


def visit(desk: Desk, place: Place) -> Page:
    _, path, steps = place
    desk.expected |= {404, 410, 422}
    page = desk.open(path if isinstance(path, str) else path(desk.product))
    for step in steps:
        step(page)
    return page


def has_no_violation(desk: Desk, places: tuple[Place, ...]) -> None:
    found = []
    for place in places:
        found += audit(visit(desk, place), place[0])
    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
class TestAxe:
    def test_finds_nothing_inside(self, sit: Sit, theme: str, size: str) -> None:
        has_no_violation(sit(MAYA, viewport=SIZES[size], color_scheme=theme), INSIDE)

    def test_finds_nothing_before_sign_in(self, sit: Sit, theme: str, size: str) -> None:
        has_no_violation(sit("", viewport=SIZES[size], color_scheme=theme), OUTSIDE)

    def test_finds_nothing_where_somebody_may_not_go(self, sit: Sit, theme: str, size: str) -> None:
        desk = sit(DEV, viewport=SIZES[size], color_scheme=theme)
        desk.expected.add(403)
        has_no_violation(desk, FORBIDDEN)

    def test_finds_nothing_in_any_open_menu(self, sit: Sit, theme: str, size: str) -> None:
        desk = sit(MAYA, viewport=SIZES[size], color_scheme=theme)
        found = in_menus(desk.open(ticket(desk.product)), "ticket")
        desk.open("/inbox/next-up")
        found += in_menus(desk.page, "inbox", within=".list")
        desk.open("/inbox/next-up#menu" if size == "narrow" else "/inbox/next-up")
        found += audit(desk.page, "navigation") + in_menus(desk.page, "navigation", within=".side")
        assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
class TestMenus:
    def test_have_no_violation_when_opened_by_their_key(self, sit: Sit, theme: str) -> None:
        desk = sit(MAYA, color_scheme=theme)
        desk.open(ticket(desk.product))
        assert in_menus_by_key(desk.page) == []


class TestAtTheSmallestWidth:
    @pytest.mark.parametrize("who", [MAYA, ""])
    def test_nothing_scrolls_sideways_and_every_target_is_large_enough(self, sit: Sit, who: str) -> None:
        desk = sit(who, viewport=SMALLEST, has_touch=True)
        troubles = []
        for place in INSIDE if who else OUTSIDE:
            page = visit(desk, place)
            sideways, small = page.evaluate(_SIDEWAYS), page.evaluate(_SMALL)
            troubles += [f"{place[0]}: {sideways} px too wide"] if sideways > 0 else []
            troubles += [f"{place[0]}: {one}" for one in small]
        assert troubles == []

    def test_one_pane_at_a_time_and_back_works(self, sit: Sit) -> None:
        desk = sit(MAYA, viewport=SMALLEST, has_touch=True)
        page = desk.open("/inbox/next-up")
        page.locator("a.trow").first.tap()
        page.wait_for_url("**/tickets/*")
        assert page.locator(".list").is_hidden()
        page.get_by_role("link", name="Customer").tap()
        page.get_by_role("region", name="Customer details").wait_for()
        assert page.locator(".thread").is_hidden()
        page.go_back()
        page.locator(".thread").wait_for()
        page.get_by_role("link", name="Back to list").tap()
        page.wait_for_url(re.compile("/inbox/next-up"))
