"""The list, a ticket and a reply at one or two sizes, interleaved with the bare page so that noise hits all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

from bench import pages
from bench.ground import direct
from bench.pages import Sample, Visitor
from bench.seeding import sign_in
from bench.table import Line

_ONE_ROUND = 30


def lines(urls: dict[str, str], postmaster: int | None, rounds: int) -> list[Line]:
    """Lines of rows 4, 5 and 7 for every size in `urls`, the smallest first."""
    with ExitStack() as stack:
        jobs: dict[str, tuple[Callable[[], str], Visitor]] = {}
        visitors = {size: _visitor(url) for size, url in urls.items()}
        first = next(iter(visitors.values()))
        jobs["bare page"] = (stack.enter_context(pages.bare(first.url)), first)
        jobs["bare write"] = (stack.enter_context(pages.bare_write(first.url)), first)
        for size, visitor in visitors.items():
            jobs |= {f"{name} {size}": (ask, visitor) for name, ask in _asks(visitor).items()}
        samples = {name: Sample() for name in jobs}
        for ask, _ in jobs.values():
            ask()
        for _ in range(rounds):
            for name, (ask, visitor) in jobs.items():
                visitor.sample(ask, samples[name], postmaster, times=_ONE_ROUND)
    return [line for size in urls for line in _lines(size, next(iter(urls)), samples)]


def _visitor(url: str) -> Visitor:
    with direct(url) as connection:
        return Visitor(url, sign_in(connection))


def _asks(visitor: Visitor) -> dict[str, Callable[[], str]]:
    deep = pages.deep_page(visitor.url)
    opened, answered = _cycle(pages.numbers(visitor.url)), _cycle(pages.numbers(visitor.url)[::-1])
    fifty, five_hundred = pages.long_ticket(50), pages.long_ticket(500)
    return {
        "list": lambda: visitor.get("/inbox/next-up"),
        "deep": lambda: visitor.get(deep),
        "ticket 3": lambda: visitor.get(f"/tickets/{next(opened)}"),
        "ticket 50": lambda: visitor.get(f"/tickets/{fifty}"),
        "ticket 500": lambda: visitor.get(f"/tickets/{five_hundred}"),
        "reply": lambda: visitor.reply(next(answered)),
    }


def _cycle(numbers: list[int]) -> Iterator[int]:
    return (numbers[at % len(numbers)] for at in count())


def _lines(size: str, small: str, samples: dict[str, Sample]) -> Iterator[Line]:
    yield from (
        _line("4 list", size, small, samples, p50=10, p95=20, grows=1.2, bare="page"),
        _line("4 deep", size, small, samples, p50=10, p95=20, grows=1.2, bare="page"),
        _line("5 ticket 3", size, small, samples, p50=15, p95=30, bare="page"),
        _line("5 ticket 50", size, small, samples, p50=15, p95=30, bare="page", kilobytes=120),
        _line("5 ticket 500", size, small, samples, p50=30, p95=60, bare="page", kilobytes=120),
        _line("7 reply", size, small, samples, p50=8, p95=20, bare="write"),
    )


def _line(
    title: str, size: str, small: str, samples: dict[str, Sample], *, p50: int, p95: int, bare: str,
    grows: float | None = None, kilobytes: int | None = None,
) -> Line:  # fmt: skip
    name = title.partition(" ")[2]
    sample, limit = samples[f"{name} {size}"], samples[f"bare {bare}"]
    half, most = sample.at(0.5), sample.at(0.95)
    met = half <= p50 and most <= p95
    goal = f"p50 <= {p50}, p95 <= {p95} ms"
    ratio = f"{half / limit.at(0.5):.1f}x bare {bare} ({limit.at(0.5):.2f} ms)"
    if grows is not None and size != small:
        growth = (sample.cpu(0.5) + sample.database) / (
            samples[f"{name} {small}"].cpu(0.5) + samples[f"{name} {small}"].database
        )
        wall = most / samples[f"{name} {small}"].at(0.95)
        goal, ratio = f"{goal}, <= {grows}x of {small}", f"{ratio}; p95 {wall:.2f}x, CPU {growth:.2f}x of {small}"
        met = met and min(wall, growth) <= grows
    if kilobytes is not None:
        goal, met = f"{goal}, <= {kilobytes} kB", met and sample.size <= 1000 * kilobytes
    queries = "-".join(str(number) for number in sorted({min(sample.queries), max(sample.queries)}))
    value = f"p50 {half:.1f} p95 {most:.1f} ms, {queries} queries, {sample.size / 1000:.0f} kB"
    return Line(
        f"{title}, {size}",
        value,
        goal,
        met,
        f"p50 {sample.cpu(0.5):.1f} p95 {sample.cpu(0.95):.1f} ms + db {sample.database:.1f}",
        ratio,
        sample.others,
    )
