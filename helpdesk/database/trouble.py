"""The one error of starting up: a sentence for the person at the terminal."""

from __future__ import annotations


class CannotStart(Exception):
    """The product cannot start; the text is one clear sentence that also says what to do."""
