"""The pages of mailboxes: who may see them, what they say, what a form does and refuses to do."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from channels import health
from channels.email import connection as connections
from channels.email.watching import State
from channels.models import Channel, ChannelLog
from helpdesk.db import db
from tests.channels.web.conftest import FORM, HERE


def stored(product) -> Channel | None:
    with product.app_context():
        return db.session.scalars(select(Channel)).one_or_none()


@pytest.fixture
def mailbox(product, admin) -> int:
    """The number of a mailbox that was connected with the form."""
    answer = admin.send(HERE, FORM)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("/")[2].partition("?")[0])


class TestWhoMay:
    PAGES = ("", "/new", "/1", "/1/edit", "/test", "/1/sign-in", "/oauth")

    @pytest.mark.parametrize("path", PAGES)
    def test_an_agent_finds_nothing_there(self, agent, path):
        assert agent.get(HERE + path).status_code == 404

    @pytest.mark.parametrize("path", ["", "/1", "/1/pause", "/1/resume", "/1/test", "/test", "/new"])
    def test_an_agent_changes_nothing_there(self, product, agent, path):
        assert agent.send(HERE + path, FORM).status_code == 404
        assert stored(product) is None

    def test_a_form_without_the_token_is_refused(self, product, admin):
        assert admin.bare_post(HERE, FORM).status_code == 400
        assert stored(product) is None

    @pytest.mark.parametrize("path", ["/99", "/99/edit", "/99/sign-in"])
    def test_an_unknown_mailbox_is_not_found(self, admin, path):
        assert admin.get(HERE + path).status_code == 404


class TestTheList:
    def test_says_what_to_do_next_when_there_is_none(self, admin):
        page = admin.get(HERE).text
        assert "No mailbox yet" in page
        assert f'href="{HERE}/new"' in page

    def test_has_a_row_in_words(self, admin, mailbox, product):
        with product.app_context():
            health.report(mailbox, State.SLOWED, "imap.example:993 did not answer in time. Next try in 8 s.")
        page = admin.get(HERE).text
        assert "support@halden.example" in page
        assert "Slowed down" in page
        assert "Next try in 8 s." in page
        assert "nothing is lost" in page

    def test_opens_a_card_for_a_refused_sign_in(self, admin, mailbox, product):
        with product.app_context():
            health.report(mailbox, State.NEEDS_SIGN_IN, "imap.example refused the sign-in of agent.")
        page = admin.get(HERE).text
        words = ["Server answers", "Not encrypted", "Sign-in refused", "Reading, waiting", "Sending, waiting"]
        assert sorted(words, key=page.index) == words
        assert f"{HERE}/{mailbox}/edit#imap_password" in page


class TestBeginning:
    @pytest.mark.parametrize(
        ("address", "provider", "host"),
        [
            ("shop@gmail.com", "", "imap.gmail.com"),
            ("shop@outlook.com", "", "outlook.office365.com"),
            ("help@halden.example", "fastmail", "imap.fastmail.com"),
        ],
    )
    def test_fills_in_what_is_known_of_a_provider(self, admin, address, provider, host):
        page = admin.send(f"{HERE}/new", {"address": address, "provider": provider})
        assert page.status_code == 200
        assert f'value="{host}"' in page.text

    def test_asks_for_an_address(self, product, admin):
        answer = admin.send(f"{HERE}/new", {"address": "nobody"})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert stored(product) is None


class TestConnecting:
    def test_stores_what_the_worker_reads_and_seals_the_password(self, product, mailbox):
        channel = stored(product)
        assert channel.config["incoming"] == "imap"
        assert channel.config["outgoing"] == "folder"
        assert "secret" not in str(channel.config) + str(channel.secrets)
        with product.app_context():
            connection = connections.read(db.session.get_one(Channel, mailbox))
        assert (connection.imap.host, connection.imap.port, connection.imap_secret()) == ("127.0.0.1", 1, "secret")
        assert connection.smtp is None

    def test_one_password_serves_both_servers_when_asked_to(self, product, admin):
        form = FORM | {
            "outgoing": "smtp", "smtp_sign_in": "same", "smtp_host": "smtp.example", "smtp_port": "465",
            "smtp_security": "tls",
        }  # fmt: skip
        assert admin.send(HERE, form).status_code == 303
        channel = stored(product)
        with product.app_context():
            connection = connections.read(channel)
        assert (connection.smtp.username, connection.smtp_secret()) == ("agent", "secret")
        assert list(channel.secrets) == ["imap"]

    def test_mail_that_is_handed_to_us_needs_no_server(self, product, admin):
        form = {"name": "Parts", "address": "parts@halden.example", "incoming": "listener", "outgoing": "folder"}
        assert admin.send(HERE, form).status_code == 303
        assert stored(product).state == "working"

    def test_begins_behind_what_lies_there(self, product, admin, imap_server):
        imap_server.deliver(b"Subject: old\r\n\r\nold\r\n")
        form = FORM | {
            "imap_port": str(imap_server.server.imap_port), "imap_username": imap_server.user, "take_in": "new",
        }  # fmt: skip
        assert admin.send(HERE, form).status_code == 303
        cursor = stored(product).cursor
        assert cursor["folder"] == "INBOX"
        assert cursor["last_uid"] >= 1
        assert cursor["uidvalidity"] > 0

    def test_saves_nothing_when_the_beginning_cannot_be_known(self, product, admin):
        answer = admin.send(HERE, FORM | {"take_in": "new"})
        assert answer.status_code == 422
        assert "Nobody answers at 127.0.0.1:1" in answer.text
        assert stored(product) is None

    def test_never_twice_the_same_address(self, product, admin, mailbox):
        for field, other in (("address", "SUPPORT@halden.example"), ("aliases", "Support@Halden.example")):
            form = FORM | {"address": "second@halden.example"} | {field: other}
            answer = admin.send(HERE, form)
            assert answer.status_code == 422
            assert "connected already" in answer.text
        assert stored(product).id == mailbox

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("address", "nobody"), ("address", "a@b@c"), ("name", ""), ("name", "x\r\nBcc: evil"),
            ("imap_host", ""), ("imap_host", "imap.example/..."), ("imap_host", "https://imap.example"),
            ("imap_port", "0"), ("imap_port", "70000"), ("imap_port", "９９３"), ("imap_security", "ssl2"),
            ("imap_folder", "IN\r\nBOX"), ("after", "delete"), ("take_in", "maybe"), ("incoming", "pop"),
            ("outgoing", "pigeon"), ("aliases", "not-an-address"), ("imap_password", ""), ("sign_in", "custom"),
            ("plus_addressing", "true"), ("team_id", "-1"), ("imap_username", "x" * 300),
            ("urgent_telephone", "0312 555 0100"), ("urgent_telephone", "call us"), ("urgent_telephone", "+1" * 30),
        ],
    )  # fmt: skip
    def test_names_the_field_that_does_not_fit(self, product, admin, field, value):
        answer = admin.send(HERE, FORM | {field: value})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text or field in {"plus_addressing", "team_id"}
        assert stored(product) is None
        assert "secret" not in answer.text.replace("client_secret", "")

    @pytest.mark.parametrize("field", [*Channel.__table__.columns.keys(), "auto_bcc", "ca_file", "admin"])
    def test_refuses_a_form_with_a_field_of_its_own(self, product, admin, field):
        if field not in FORM and field not in {"aliases", "team_id", "acknowledges"}:
            assert admin.send(HERE, FORM | {field: "1"}).status_code == 422
            assert stored(product) is None


class TestTheTelephoneForUrgentFaults:
    def test_is_stored_and_shown_with_its_country(self, product, admin, mailbox):
        form = FORM | {"imap_password": "", "urgent_telephone": " 0049 (511) 555-0142 "}
        assert admin.send(f"{HERE}/{mailbox}", form).status_code == 303
        assert stored(product).config["urgent_telephone"] == "+495115550142"
        assert "+495115550142" in admin.get(f"{HERE}/{mailbox}").text
        assert 'value="+495115550142"' in admin.get(f"{HERE}/{mailbox}/edit").text

    def test_stays_in_the_form_when_it_is_wrong(self, product, admin, mailbox):
        answer = admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": "", "urgent_telephone": "0312 555 0100"})
        assert answer.status_code == 422
        assert 'value="0312 555 0100"' in answer.text
        assert "such as +1 312 555 0100" in answer.text

    def test_goes_when_it_is_emptied(self, product, admin, mailbox):
        for number in ("+1 312 555 0100", ""):
            admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": "", "urgent_telephone": number})
        assert stored(product).config["urgent_telephone"] == ""
        assert "urgent faults" not in admin.get(f"{HERE}/{mailbox}").text


class TestChanging:
    def test_keeps_the_password_that_is_not_typed_again(self, product, admin, mailbox):
        assert admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": "", "name": "Support"}).status_code == 303
        channel = stored(product)
        assert channel.name == "Support"
        with product.app_context():
            assert connections.read(channel).imap_secret() == "secret"

    @pytest.mark.parametrize("change", [{"imap_host": "evil.example"}, {"imap_port": "994"}, {"imap_security": "tls"}])
    def test_another_server_needs_the_password_again(self, product, admin, mailbox, change):
        answer = admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": ""} | change)
        assert answer.status_code == 422
        assert "Type it again" in answer.text
        assert stored(product).config["imap"]["host"] == "127.0.0.1"
        assert stored(product).config["imap"]["port"] == 1

    def test_the_password_of_reading_never_goes_to_a_new_sending_server(self, product, admin, mailbox):
        outgoing = {"outgoing": "smtp", "smtp_host": "evil.example", "smtp_port": "25", "smtp_security": "none"}
        without = FORM | {"imap_password": ""} | outgoing
        assert admin.send(f"{HERE}/{mailbox}", without | {"smtp_sign_in": "same"}).status_code == 422
        assert admin.send(f"{HERE}/{mailbox}", without | {"smtp_sign_in": "none"}).status_code == 303
        assert admin.send(f"{HERE}/{mailbox}", without | {"smtp_sign_in": "same"}).status_code == 422

    def test_a_detour_by_the_listener_forgets_the_password(self, product, admin, mailbox):
        handed = FORM | {"incoming": "listener", "imap_password": ""}
        assert admin.send(f"{HERE}/{mailbox}", handed).status_code == 303
        assert stored(product).secrets == {}
        back = FORM | {"imap_password": "", "imap_host": "evil.example"}
        assert admin.send(f"{HERE}/{mailbox}", back).status_code == 422

    def test_shows_no_secret(self, product, admin, mailbox):
        sealed = stored(product).secrets["imap"]
        for path in ("", f"/{mailbox}", f"/{mailbox}/edit"):
            page = admin.get(HERE + path).text
            assert "It is stored and not shown." in page or path != f"/{mailbox}/edit"
            assert sealed not in page
            assert 'value="secret"' not in page

    def test_another_folder_begins_anew(self, product, admin, mailbox):
        with product.app_context():
            db.session.get_one(Channel, mailbox).cursor = {"folder": "INBOX", "uidvalidity": 5, "last_uid": 9}
            db.session.commit()
        admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": "", "after": "seen"})
        assert stored(product).cursor["last_uid"] == 9
        admin.send(f"{HERE}/{mailbox}", FORM | {"imap_password": "", "imap_folder": "Support"})
        assert stored(product).cursor == {}


class TestPausing:
    def test_stops_reading_and_says_so_until_it_is_resumed(self, product, admin, mailbox):
        for _ in range(2):
            assert admin.send(f"{HERE}/{mailbox}/pause").status_code == 303
        assert stored(product).is_paused
        assert "Paused" in admin.get(HERE).text
        assert "Paused by Ada Berg." in admin.get(f"{HERE}/{mailbox}").text
        with product.app_context():
            assert db.session.scalar(select(func.count()).where(ChannelLog.sentence.like("Paused%"))) == 1
        assert admin.send(f"{HERE}/{mailbox}/resume").status_code == 303
        assert not stored(product).is_paused
        assert stored(product).state == "new"

    def test_looking_changes_nothing(self, product, admin, mailbox):
        def everything():
            with product.app_context():
                return [
                    [tuple(row) for row in db.session.execute(select(table))]
                    for table in (Channel.__table__, ChannelLog.__table__)
                ]

        before = everything()
        for path in TestWhoMay.PAGES:
            admin.get(HERE + path.replace("1", str(mailbox)))
        assert everything() == before
