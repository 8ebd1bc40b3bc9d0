"""The child that parses: reads frames of raw mail from stdin, answers each on stdout, and may be killed at any time.

Run as `python -m channels.email.parser_process`. It imports parsing and the sanitiser, no settings and no database. It
ends when stdin does.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from channels.email import frames, limits, parsing

MEMORY_BYTES = 512 * 2**20
_JOINED_BYTES = 2**20
CPU_SECONDS = 10.0
TIRED_PAGES = 64 * 2**20 // resource.getpagesize()
"""A child that stays larger than this asks to be replaced: a fresh one is smaller than what it would keep."""


def main() -> None:
    """Answer frames until the parent goes away."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Ctrl-C in a terminal reaches the whole group; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, BrokenPipeError, KeyError, ValueError):
        # Half a frame means half a parent: nobody is left to tell.
        sys.exit(0)


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    def read(size: int) -> bytes:
        found = requests.read(size)
        if len(found) < size:
            raise EOFError
        return found

    while True:
        facts, raws = frames.unpack(read)
        raws.reverse()
        while raws:
            _parse_one(facts, raws.pop(), answers)


def _parse_one(facts: dict[str, Any], raw: bytes, answers: BinaryIO) -> None:
    # The timer's default action ends the process even inside a C loop; no handler of ours has to run.
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    answer, sections = _answer(facts, raw)
    chunks = frames.pack({**answer, "tired": _pages() > TIRED_PAGES}, sections)
    signal.setitimer(signal.ITIMER_PROF, 0)
    # One write wakes the parent once; only what is large is not copied for it.
    answers.writelines([b"".join(chunks)] if sum(map(len, chunks)) < _JOINED_BYTES else chunks)
    answers.flush()


def _answer(facts: dict[str, Any], raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
    try:
        envelope = parsing.parse(
            raw,
            own_addresses=frozenset(facts["own"]),
            trusted_authserv=frozenset(facts["trusted"]),
        )
        return frames.envelope_out(envelope)
    except limits.OverLimit as over:
        return {"refused": over.reason}, []
    except MemoryError:
        return {"refused": "Reading the message takes more memory than allowed."}, []
    except RecursionError:
        return {"refused": "The message nests its parts too deep."}, []
    except Exception:  # noqa: BLE001 - whatever a mail does to the parser, the mail is kept and the next one read
        return {"refused": "The message cannot be read: its structure breaks the parser."}, []


def _pages() -> int:
    """Resident memory now, in pages."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


if __name__ == "__main__":
    main()
