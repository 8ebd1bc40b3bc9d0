"""What a browser fetches for the inbox: little the first time, the page alone the second."""

from __future__ import annotations

from playwright.sync_api import Response

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA, Desk


def fetched(desk: Desk, least: int) -> list[Response]:
    """What came over the wire for the list, but for the stream that stays open: so much at least, and what follows soon."""
    seen: list[Response] = []

    def note(response: Response) -> None:
        seen.append(response)

    desk.page.on("response", note)
    desk.open("/inbox/next-up")
    desk.until(lambda: len(_of_the_list(seen)) >= least)
    desk.page.wait_for_timeout(1500)
    desk.page.remove_listener("response", note)
    return _of_the_list(seen)


def _of_the_list(seen: list[Response]) -> list[Response]:
    return [one for one in seen if "/live" not in one.url and one.request.sizes()["responseBodySize"] > 0]


def undisturbed(sit: Sit) -> tuple[Desk, list[Response]]:
    """A desk and its first sight of the inbox, tried thrice: what still happens in the house is fetched as it happens."""
    for _ in range(3):
        desk = sit(MAYA)
        first = fetched(desk, 6)
        if not any(one.request.resource_type == "fetch" for one in first):
            break
    return desk, first


class TestTheInbox:
    def test_comes_in_six_requests_and_again_in_one(self, sit: Sit) -> None:
        sit(MAYA)
        desk, first = undisturbed(sit)
        kinds = sorted(one.request.resource_type for one in first)
        assert kinds == ["document", "font", "font", "other", "script", "stylesheet"], [one.url for one in first]
        plain = sum(one.request.sizes()["responseBodySize"] for one in first if one.request.resource_type != "font")
        assert plain <= 80_000
        assert [one.request.resource_type for one in fetched(desk, 1)] == ["document"]
