"""A number of the house at its provider on loopback, and the provider calling us in earnest: signed, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from sqlalchemy import select

from channels import fetching
from channels.models import Channel, Fetch, Inbound, PhoneCall
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels import lines
from tests.fakes.twilio import NUMBER, Twilio
from tests.plugins.world import World

OLIVE = "+4915112300501"
"""A customer's telephone."""
CALL = {"CallSid": "CA1", "From": OLIVE, "To": NUMBER, "Direction": "inbound"}


@dataclass
class House:
    world: World
    twilio: Twilio
    channel: Channel

    def hear(self, query: str = "", **form: str) -> ET.Element:
        """A genuine call; what we tell the provider to do."""
        answer = lines.tell(self.world, self.twilio, lines.HOOK + query, **form)
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        db.session.expire_all()
        return ET.fromstring(answer.text)

    def file(self) -> None:
        self.world.file()
        self.world.fresh()

    def ring(self, **more: str) -> ET.Element:
        said = self.hear(**{**CALL, "CallStatus": "ringing", **more})
        self.file()
        return said

    def ends(self, seconds: int = 32, **more: str) -> None:
        stamp = "Mon, 23 Nov 2026 01:02:03 +0000"
        self.hear(**{**CALL, "CallStatus": "completed", "CallDuration": str(seconds), "Timestamp": stamp, **more})
        self.file()

    def records(self, content: bytes = b"a voice", seconds: int = 20) -> dict[str, str]:
        """A recording at the provider; the fields that name it."""
        path = f"/2010-04-01/Accounts/{self.twilio.account}/Recordings/RE1"
        self.twilio.files[f"{path}.mp3"] = content
        return {"RecordingUrl": self.twilio.url + path, "RecordingDuration": str(seconds)}

    def fetch(self) -> None:
        """The worker fetches what is to be fetched."""
        for fetch_id in list(db.session.scalars(select(Fetch.id).where(Fetch.state == "waiting"))):
            fetching.fetch(fetch_id)
        self.world.fresh()

    def text(self, body: str, sid: str = "SM1", **more: str) -> ET.Element:
        said = self.hear(**{"MessageSid": sid, "From": OLIVE, "To": NUMBER, "Body": body, "NumMedia": "0", **more})
        self.file()
        return said

    def calls(self) -> list[PhoneCall]:
        return list(db.session.scalars(select(PhoneCall).order_by(PhoneCall.id)))

    def messages(self) -> list[Message]:
        of_phone = select(Message).where(Message.channel_kind == "phone").order_by(Message.id)
        return list(db.session.scalars(of_phone))

    def ticket(self) -> Ticket:
        newest = select(Ticket).where(Ticket.channel_kind == "phone").order_by(Ticket.id.desc()).limit(1)
        return db.session.scalars(newest).one()

    def files(self) -> list[bytes]:
        rows = select(Attachment).where(Attachment.message_id.in_([one.id for one in self.messages()]))
        return [blobs.get(one.sha256) for one in db.session.scalars(rows)]

    def ends_of(self) -> list[str]:
        rows = select(Inbound.state).where(Inbound.channel_id == self.channel.id).order_by(Inbound.id)
        return list(db.session.scalars(rows))
