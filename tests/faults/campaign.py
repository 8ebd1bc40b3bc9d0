"""The long runs: `python -m tests.faults.campaign intake --size 10000 --seeds 1-5`. Ends with 1 when an invariant broke."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tests.faults import escalating, intake, outbound, promises, reports, storm
from tests.faults.findings import Findings

_PATIENCE = 3600
_KILLED = {"outbound": outbound, "promises": promises, "escalating": escalating, "reports": reports}


def main() -> int:
    wanted = _arguments()
    broken = 0
    for seed in _seeds(wanted.seeds):
        found = _run(wanted, seed)
        print(f"{wanted.campaign} {found}", *found.violations, sep="\n  ", flush=True)
        broken += len(found.violations)
    return 1 if broken else 0


def _run(wanted: argparse.Namespace, seed: int) -> Findings:
    if wanted.campaign == "intake":
        return intake.run(wanted.size, seed, every=wanted.every, rate=wanted.rate, patience=_PATIENCE)
    if wanted.campaign == "storm":
        return storm.run(wanted.size, seed, seconds=wanted.seconds, within=wanted.within, patience=_PATIENCE)
    return _KILLED[wanted.campaign].run(wanted.size, seed, every=wanted.every, patience=_PATIENCE)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", choices=("intake", *_KILLED, "storm"))
    parser.add_argument(
        "--size", type=int, default=2_000, help="mails, replies, promises, reports' mails or calls in each run"
    )
    parser.add_argument("--seeds", default="1", help="one, or a span such as 1-20; a run each")
    parser.add_argument("--every", type=float, default=4, help="seconds between kills, on average")
    parser.add_argument("--rate", type=float, default=40, help="mails a second put into the mailbox")
    parser.add_argument("--seconds", type=float, default=600, help="in which the calls of a storm are made")
    parser.add_argument("--within", type=float, default=storm.ACK, help="seconds 99 of 100 calls are answered in")
    return parser.parse_args()


def _seeds(written: str) -> Iterator[int]:
    first, _, last = written.partition("-")
    yield from range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
