"""What a call says and hears, in TwiML (twilio.com/docs/voice/twiml: Response, Say, Gather, Dial, Record; at most 4,000
characters).

`Gather` with `numDigits` sends the digit to `action` as the form field `Digits` and goes on with the answer; without a
digit the call goes on to the verb behind it. `Dial` and `Record` with `action` end there.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

_LONGEST = 1000
_WAIT = 10
_RINGS = 20
"""Seconds a number of ours rings before the caller is asked to leave a message."""
_VOICEMAIL = 180
"""Seconds of what is left at most."""
TYPE = "text/xml"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_NOTHING_HEARD = "Nothing was heard. Good-bye."


def asking(words: str, action: str) -> str:
    """Say the words twice, and send the digit that is pressed meanwhile to `action`."""
    return _response(f"{_gather(words, action)}<Say>{_NOTHING_HEARD}</Say>")


def saying(words: str, voice: str = "") -> str:
    """Say the words and hang up."""
    return _response(_say(words, voice))


def answering(words: str) -> str:
    """Answer a text message with one (twilio.com/docs/messaging/twiml: Message)."""
    return _response(f"<Message>{_plain(words)}</Message>")


def forwarding(number: str, hook: str) -> str:
    """Ring a number of ours; whoever takes it off must press a key first, for a mailbox of theirs would not."""
    screen = quoteattr(f"{hook}?step=screen")
    return _response(
        f'<Dial timeout="{_RINGS}" method="POST" action={quoteattr(hook)}>'
        f'<Number method="POST" url={screen}>{escape(number)}</Number></Dial>'
    )


def screening(words: str, hook: str) -> str:
    """Ask somebody of ours to take a call that is forwarded; without a key it is not."""
    return _response(f"{_gather(words, f'{hook}?step=taken')}<Hangup/>")


def recording(words: str, voice: str, hook: str, *, transcribes: bool) -> str:
    """Greet, and record what is said behind the tone."""
    there = quoteattr(hook)
    heard = f' transcribe="true" transcribeCallback={there}' if transcribes else ""
    return _response(
        f'{_say(words, voice)}<Record maxLength="{_VOICEMAIL}" playBeep="true" finishOnKey="#" method="POST" '
        f"action={there} recordingStatusCallback={there}{heard}/>"
    )


def _gather(words: str, action: str) -> str:
    say = _say(words, "")
    return (
        f'<Gather input="dtmf" numDigits="1" timeout="{_WAIT}" method="POST" action={quoteattr(action)}>'
        f'{say}<Pause length="2"/>{say}</Gather>'
    )


def _say(words: str, voice: str) -> str:
    language = f" language={quoteattr(voice)}" if voice else ""
    return f"<Say{language}>{_plain(words)}</Say>"


def _response(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _plain(words: str) -> str:
    """Without the characters XML cannot hold, and short enough for any of them."""
    return escape("".join(c for c in words if c.isprintable() or c == "\n")[:_LONGEST])
