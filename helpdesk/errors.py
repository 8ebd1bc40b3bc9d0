"""Domain errors: each has one meaning and one HTTP status."""

from __future__ import annotations


class DomainError(Exception):
    """Something the caller asked for cannot be done; `message` says why in the user's words."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.fields: dict[str, str] = {}
        """What is wrong with each field, where it is known."""


class Invalid(DomainError):
    """What was given does not fit; `fields` names each field and what is wrong with it."""

    status = 422

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class NotAllowed(DomainError):
    """The person may not do this."""

    status = 403


class NotFound(DomainError):
    """It does not exist, or not for this person."""

    status = 404


class Conflict(DomainError):
    """Somebody else changed it first."""

    status = 409


class Gone(DomainError):
    """It was there and is no more: a used link, a passed undo window."""

    status = 410


class TooMany(DomainError):
    """Too many tries; wait `retry_after` seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
