"""A customer with two mail addresses shows that both are theirs, an agent takes them apart again: by mail and by page."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

from playwright.sync_api import expect

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA
from tests.journeys.post import Post, eventually
from tests.journeys.product import Product

_KEPT = "SELECT count(*), count(DISTINCT contact_id) FROM address WHERE value IN (%s, %s)"


def mail_to(product: Product, address: str, words: str) -> EmailMessage:
    """The newest mail to an address that says this."""

    def look() -> EmailMessage | None:
        files = sorted((product.var / "outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        mails = (email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files)
        return next((one for one in mails if address in str(one["To"]) and words in text_of(one)), None)

    found = eventually(look)
    assert found is not None
    return found


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body is not None else ""


class TestOnePerson:
    def test_by_proof_and_apart_again(self, sit: Sit, product: Product, post: Post) -> None:
        work, home = "ida.work@quill.example", "ida.home@elsewhere.example"
        theirs, other = (
            post.write("From work", sender=f"Ida Lund <{work}>"),
            post.write("From home", sender=f"Ida <{home}>"),
        )
        desk = sit(MAYA)
        page = desk.open(f"/tickets/{theirs}?pane=context")
        page.get_by_role("link", name="Ask for proof").click()
        page.get_by_label("Their mail address").fill(home)
        page.get_by_role("button", name="Ask for proof").click()
        desk.shows(f"Asked {home}")
        link = re.findall(r"http\S+/proof/\S+", text_of(mail_to(product, home, "/proof/")))[0]
        code = re.findall(r"\b\d{6}\b", text_of(mail_to(product, work, "Your code is")))[0]
        reader = sit("")
        reader.expected |= {422, 410}
        letter = reader.open(link.removeprefix(product.url))
        assert product.ask(_KEPT, work, home) == (2, 2)
        letter.get_by_label("The code of six digits").fill("12")
        letter.get_by_role("button", name="Yes, that is me").click()
        expect(letter.locator("[aria-invalid=true]")).to_have_count(1)
        letter.get_by_label("The code of six digits").fill(code)
        letter.get_by_role("button", name="Yes, that is me").click()
        reader.shows("We know now that it is you")
        reader.open(link.removeprefix(product.url))
        reader.shows("This link does not work any more.")
        assert product.ask(_KEPT, work, home) == (2, 1)
        page = desk.open(f"/tickets/{theirs}?pane=context")
        desk.shows("From home", "by proof")
        page.get_by_role("link", name="Take apart again").click()
        desk.shows(work, "From work")
        page.get_by_role("button", name="Take apart again").click()
        page.wait_for_url(f"**/tickets/{theirs}?pane=context")
        assert product.ask(_KEPT, work, home) == (2, 2)
        expect(page.locator("#person")).not_to_contain_text("Joined with")
        desk.open(f"/tickets/{other}")
        desk.shows("apart again")
