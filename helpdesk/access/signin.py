"""Signing in with a password, and asking for a new one: guessing is slow, and answers never say who is known."""

from __future__ import annotations

from datetime import timedelta

from helpdesk.access import clients, letters, links, passwords, places, throttle
from helpdesk.access.throttle import Bucket
from helpdesk.errors import Invalid, TooMany
from helpdesk.people import agents
from helpdesk.people.models import Agent

FROM_ONE_PLACE = Bucket("sign-in from", 100, timedelta(hours=1))
ON_ONE_ACCOUNT_FROM_ONE_PLACE = Bucket("sign-in as from", 10, timedelta(minutes=15))
ON_ONE_ACCOUNT = Bucket("sign-in as", 50, timedelta(days=1))
"""All other places together; places the account has signed in from before do not draw on it."""
LETTERS_FROM_ONE_PLACE = Bucket("letter from", 20, timedelta(hours=1))
LETTERS_TO_ONE_ADDRESS = Bucket("letter to", 5, timedelta(hours=1))

_NO_MATCH = "This address and password do not belong together. Try again, or set a new password by mail."


def with_password(email: str, password: str, *, client: str) -> Agent:
    """The agent of this address and password, asked for by the IP address `client`.

    Raises:
        Invalid: by field, what is missing or does not match; the same for unknown, invited and deactivated people.
        TooMany: too many tries from there, or on this account.
    """
    address = _complete(email)
    if not password:
        raise Invalid("The password is missing.", {"password": "Add your password."})
    place = clients.network(client)
    _slow_down(address, place)
    agent = find(address)
    if not passwords.verify(agent, password) or agent is None:
        raise Invalid(_NO_MATCH, {"password": _NO_MATCH})
    _let_through(address, place)
    return agent


def confirm(agent: Agent, password: str, *, client: str) -> None:
    """Make sure that it is still the agent who sits there.

    Raises:
        Invalid: it is not their password; the field is "current".
        TooMany: it was tried too often.
    """
    place = clients.network(client)
    throttle.take(ON_ONE_ACCOUNT_FROM_ONE_PLACE, agent.email.lower(), place)
    if not passwords.verify(agent, password):
        raise Invalid("That is not your password.", {"current": "That is not the password you sign in with."})
    throttle.refill(ON_ONE_ACCOUNT_FROM_ONE_PLACE, agent.email.lower(), place)


def forgotten(email: str, *, client: str) -> None:
    """Send a reset link if somebody active has this address; the caller learns nothing either way.

    Raises:
        Invalid: it is no mail address.
        TooMany: too many letters were asked for, to this address or from there.
    """
    address = _complete(email)
    throttle.take(LETTERS_FROM_ONE_PLACE, clients.network(client))
    throttle.take(LETTERS_TO_ONE_ADDRESS, address)
    agent = find(address)
    if agent is not None and agent.is_active:
        purpose = "reset" if agent.password_hash else "invitation"
        letters.send(agent, purpose, links.issue(agent, purpose))


def find(address: str) -> Agent | None:
    return agents.find_by_email(address) if address.isprintable() else None


def _complete(email: str) -> str:
    address = email.strip().lower()
    if not address:
        raise Invalid("The address is missing.", {"email": "Add your work address, like maya@halden.example."})
    if not address.partition("@")[2]:
        raise Invalid("The address is not whole.", {"email": "Add the part after the @, like halden.example."})
    return address[:320]


def _slow_down(address: str, place: str) -> None:
    try:
        throttle.take(FROM_ONE_PLACE, place)
        throttle.take(ON_ONE_ACCOUNT_FROM_ONE_PLACE, address, place)
        if not places.is_known(address, place):
            throttle.take(ON_ONE_ACCOUNT, address)
    except TooMany as error:
        raise TooMany(f"{error.message} A new password by mail works at any time.", error.retry_after) from error


def _let_through(address: str, place: str) -> None:
    throttle.give_back(FROM_ONE_PLACE, place)
    throttle.refill(ON_ONE_ACCOUNT_FROM_ONE_PLACE, address, place)
    places.remember(address, place)
