"""What one look brings: news once, changes, what was taken back; and how long it waits, whatever goes wrong."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from channels import accounting, feeding, silence
from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable
from channels.observe import asking
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.settings import settings
from tests.channels.observe.scene import CLOCK, Ear, connected, forum, rss, skeet, status
from tests.fakes import elsewhere as fakes
from tests.fakes.elsewhere import Elsewhere
from tests.plugins.world import World

MAKES = {
    "feed": lambda there, number, words: None,
    "discourse": lambda there, number, words: there.forum.append(forum(number, words)),
    "mastodon": lambda there, number, words: there.statuses.append(status(number, words)),
    "bluesky": lambda there, number, words: there.skeets.append(skeet(number, words)),
}
SOCIAL = ["discourse", "mastodon", "bluesky"]


def words(ear: Ear) -> list[str]:
    return [post.text.split(" ")[0].strip() for post in ear.posts()]


class TestAFeed:
    def test_brings_each_entry_once(self, world: World, there: Elsewhere):
        there.feed, ear = rss(("2", "B", "second"), ("1", "A", "first")), connected(world, there, "feed")
        ear.look()
        assert words(ear) == ["first", "second"]
        there.etag = '"two"'
        there.feed = rss(("3", "C", "third"), ("2", "B", "second"))
        ear.look()
        ear.look()
        assert (words(ear), ear.ends()) == (["first", "second", "third"], ["done"] * 3)

    def test_is_asked_only_for_what_changed(self, world: World, there: Elsewhere):
        there.feed, ear = rss(("1", "A", "first")), connected(world, there, "feed")
        ear.look()
        ear.look()
        assert there.asked[0].headers.get("if-none-match") is None
        assert there.asked[1].headers["if-none-match"] == '"one"'
        assert there.asked[1].headers["if-modified-since"] == there.modified
        there.etag = ""
        ear.look()
        assert (len(ear.posts()), ear.channel.state) == (1, "working")

    def test_that_says_other_words_changes_the_post(self, world: World, there: Elsewhere):
        there.feed, ear = rss(("1", "A", "first")), connected(world, there, "feed")
        ear.look()
        for etag, said in (('"2"', "other"), ('"3"', "first")):
            there.etag, there.feed = etag, rss(("1", "A", said))
            ear.look()
            assert ear.post().text == said
        assert ear.ends() == ["done"] * 3
        assert ear.post().changed_at is not None

    def test_does_not_tell_what_was_taken_back(self, world: World, there: Elsewhere):
        there.feed, ear = rss(("1", "A", "first")), connected(world, there, "feed")
        ear.look()
        there.etag, there.feed = '"2"', rss(("2", "B", "second"))
        ear.look()
        assert [post.gone_at for post in ear.posts()] == [None, None]

    def test_that_is_none_says_so_and_keeps_what_is_there(self, world: World, there: Elsewhere):
        there.feed, ear = rss(("1", "A", "first")), connected(world, there, "feed")
        ear.look()
        there.etag, there.feed = '"2"', b"<html>Under construction</html>"
        ear.look()
        assert (ear.channel.state, "no feed" in ear.channel.state_text, len(ear.posts())) == ("slowed", True, 1)
        there.feed = rss(("1", "A", "first"))
        ear.look()
        assert (ear.channel.state, ear.channel.state_text) == ("working", "It is read every 15 minutes.")

    def test_that_moved_is_followed_for_ever_nowhere(self, world: World, there: Elsewhere):
        there.feed = rss(("1", "A", "first"))
        ear = connected(world, there, "feed", f"{there.url}/moved.xml")
        ear.look()
        assert words(ear) == ["first"]
        round_and_round = connected(world, there, "feed", f"{there.url}/round.xml")
        round_and_round.look()
        assert (round_and_round.channel.state, len(there.paths("/round.xml"))) == ("needs_sign_in", 4)

    def test_larger_than_two_megabytes_is_not_read(self, world: World, there: Elsewhere):
        there.feed = rss(("1", "A", "x" * asking.MOST_BYTES))
        ear = connected(world, there, "feed")
        ear.look()
        assert (ear.channel.state, "larger than 2048 kB" in ear.channel.state_text) == ("slowed", True)


class TestOthers:
    @pytest.mark.parametrize("kind", SOCIAL)
    def test_bring_each_post_once(self, world: World, there: Elsewhere, kind: str):
        ear = connected(world, there, kind)
        for number in (1, 2):
            MAKES[kind](there, number, f"w{number}")
        ear.look()
        MAKES[kind](there, 3, "w3")
        ear.look()
        ear.look()
        assert (words(ear), ear.ends()) == (["w1", "w2", "w3"], ["done"] * 3)

    @pytest.mark.parametrize("kind", SOCIAL)
    def test_tell_who_wrote_it_and_where(self, world: World, there: Elsewhere, kind: str):
        ear = connected(world, there, kind)
        MAKES[kind](there, 1, "w1")
        ear.look()
        post = ear.post()
        assert post.author_name.startswith("Nora")
        assert post.author_address in {"nora@127.0.0.1", "did:plc:nora"}
        assert post.url.startswith(("https://", there.url))
        assert post.posted_at is not None

    @pytest.mark.parametrize("kind", SOCIAL)
    def test_tell_what_was_taken_back(self, world: World, there: Elsewhere, kind: str):
        ear = connected(world, there, kind)
        for number in (1, 2):
            MAKES[kind](there, number, f"w{number}")
        ear.look()
        for listed in (there.forum, there.statuses, there.skeets):
            del listed[:1]
        ear.look()
        first, second = ear.posts()
        assert (first.gone_at is not None, first.text, first.title, second.gone_at) == (True, "", "", None)
        ear.look()
        assert ear.ends() == ["done"] * 3

    @pytest.mark.parametrize("kind", ["discourse", "mastodon"])
    def test_tell_what_was_changed(self, world: World, there: Elsewhere, kind: str):
        ear = connected(world, there, kind)
        MAKES[kind](there, 1, "w1")
        ear.look()
        MAKES[kind](there, 1, "changed")
        there.forum, there.statuses = there.forum[-1:], there.statuses[-1:]
        ear.look()
        assert (words(ear), ear.ends()) == (["changed"], ["done", "done"])

    def test_a_deleted_post_of_a_forum_may_still_be_shown_to_us(self, world: World, there: Elsewhere):
        ear = connected(world, there, "discourse", query="w1")
        there.forum.append(forum(1, "w1"))
        ear.look()
        there.forum[0]["user_deleted"] = True
        ear.look()
        assert ear.post().gone_at is not None

    def test_nothing_is_ever_written(self, world: World, there: Elsewhere):
        there.feed = rss(("1", "A", "first"))
        for kind in ("feed", *SOCIAL):
            ear = connected(world, there, kind)
            MAKES[kind](there, 1, "w1")
            ear.look()
            ear.look()
        assert there.methods == {"GET"}


class TestAForum:
    def test_is_searched_by_words_and_each_hit_is_read_whole(self, world: World, there: Elsewhere):
        long = "compressor " + "and so on " * 20
        there.forum += [forum(1, "the weather"), forum(2, long)]
        ear = connected(world, there, "discourse", query="compressor")
        ear.look()
        assert (ear.post().text, ear.post().title) == (long.strip(), "Topic 2")
        assert there.paths("/posts/") == ["/posts/2.json"]

    def test_keeps_its_title_when_it_is_looked_at_again_alone(self, world: World, there: Elsewhere):
        there.forum.append(forum(1, "compressor"))
        ear = connected(world, there, "discourse", query="compressor")
        ear.look()
        ear.look()
        assert (ear.post().title, ear.post().changed_at) == ("Topic 1", None)

    def test_that_is_private_is_read_with_a_key(self, world: World, there: Elsewhere):
        there.private = True
        there.forum.append(forum(1, "w1"))
        without = connected(world, there, "discourse")
        without.look()
        assert (without.channel.state, without.posts()) == ("needs_sign_in", [])
        ear = connected(world, there, "discourse", f"{there.url}/", token=fakes.KEY, username="kept")
        ear.look()
        assert words(ear) == ["w1"]
        assert there.asked[-1].headers["api-username"] == "kept"

    def test_leaves_out_what_the_forum_says_itself(self, world: World, there: Elsewhere):
        there.forum += [forum(1, "moved", post_type=3), forum(2, "w2")]
        ear = connected(world, there, "discourse")
        ear.look()
        assert words(ear) == ["w2"]


class TestMastodon:
    def test_goes_on_where_it_stopped_however_much_was_said(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon")
        there.statuses.append(status(0, "w0"))
        ear.look()
        there.statuses += [status(number, f"w{number}") for number in range(1, 101)]
        ear.look()
        assert words(ear) == [f"w{number}" for number in range(101)]
        assert there.asked[1].query["min_id"] == ["115000"]

    def test_finds_words_with_a_token_alone(self, world: World, there: Elsewhere):
        there.statuses.append(status(1, "a compressor"))
        without = connected(world, there, "mastodon", "compressor")
        without.look()
        assert without.posts() == []
        ear = connected(world, there, "mastodon", "a compressor", token=fakes.TOKEN)
        ear.look()
        assert len(ear.posts()) == 1
        wrong = connected(world, there, "mastodon", "compressor is", token="wrong")
        wrong.look()
        assert wrong.channel.state == "needs_sign_in"

    @pytest.mark.parametrize("visibility", ["private", "direct", None])
    def test_keeps_nothing_that_only_some_may_read(self, world: World, there: Elsewhere, visibility: str | None):
        there.statuses.append(status(1, "w1", visibility=visibility))
        ear = connected(world, there, "mastodon")
        ear.look()
        assert (ear.posts(), ear.ends()) == ([], [])

    def test_forgets_a_post_that_is_for_some_alone_by_now(self, world: World, there: Elsewhere):
        there.statuses.append(status(1, "w1"))
        ear = connected(world, there, "mastodon")
        ear.look()
        there.statuses[0]["visibility"] = "private"
        ear.look()
        assert (ear.post().text, ear.post().gone_at is not None) == ("", True)


class TestBluesky:
    def test_goes_back_to_where_it_stopped(self, world: World, there: Elsewhere):
        ear = connected(world, there, "bluesky")
        there.skeets.append(skeet(0, "w0"))
        ear.look()
        there.skeets += [skeet(number, f"w{number}") for number in range(1, 251)]
        ear.look()
        assert sorted(words(ear)) == sorted(f"w{number}" for number in range(251))

    def test_leaves_out_who_does_not_want_to_be_shown(self, world: World, there: Elsewhere):
        hidden = {"did": "did:plc:x", "handle": "x.example", "labels": [{"val": "!no-unauthenticated"}]}
        there.skeets.append(skeet(1, "w1", author=hidden))
        ear = connected(world, there, "bluesky")
        ear.look()
        assert ear.posts() == []


class TestPatience:
    @pytest.mark.parametrize(
        ("headers", "least"),
        [
            ({"Retry-After": "7200"}, 7200),
            ({"Retry-After": "at"}, 3500),
            ({"x-ratelimit-reset": "iso"}, 3500),
            ({"ratelimit-reset": "epoch"}, 3500),
            ({}, 900),
            ({"Retry-After": "-5"}, 900),
            ({"Retry-After": "1e9"}, 900),
            ({"Retry-After": "99999999999"}, 86_000),
        ],
    )
    def test_is_as_long_as_the_source_asks_for(
        self, world: World, there: Elsewhere, headers: dict[str, str], least: float
    ):
        ear = connected(world, there, "mastodon")
        at = now() + timedelta(hours=2)
        said = {"at": format_datetime(at, usegmt=True), "iso": at.isoformat(), "epoch": str(int(at.timestamp()))}
        there.refusals = [(429, {name: said.get(value, value) for name, value in headers.items()})]
        pause = ear.look()
        assert least <= pause <= 86_400
        assert ear.channel.state == "slowed"

    def test_outlasts_a_restart_and_nothing_is_asked_before(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon")
        there.refusals = [(429, {"Retry-After": "7200"})]
        ear.look()
        asked = len(there.asked)
        left = ear.look(hours=1)
        assert (len(there.asked), 3500 < left <= 3600, ear.channel.state) == (asked, True, "slowed")
        ear.look(hours=1.01)
        assert (len(there.asked) > asked, ear.channel.state) == (True, "working")

    def test_grows_with_every_failure_and_ends_with_the_first_success(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon")
        there.refusals = [(500, {})] * 7
        pauses = [ear.look(hours=8) for _ in range(7)]
        assert pauses == [900, 1800, 3600, 7200, 14_400, 21_600, 21_600]
        assert "out of order" in ear.channel.state_text
        assert ear.look(hours=8) == 900

    def test_between_two_looks_is_as_set(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon", every="60")
        assert ear.look() == 3600
        assert ear.look(hours=0.5) == pytest.approx(1800, abs=5)
        assert len(there.asked) == 1
        assert ear.channel.state_text == "It is read every hour."

    def test_is_over_when_something_else_is_asked_for(self, world: World, there: Elsewhere):
        ear = connected(world, there, "discourse")
        ear.look()
        channel = ear.channel
        channel.config = {**channel.config, "query": "compressor"}
        db.session.commit()
        ear.look(hours=0)
        assert there.paths("/search.json")

    def test_keeps_what_came_before_the_source_got_tired(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon")
        there.statuses += [status(1, "w1"), status(2, "w2")]
        ear.look()
        there.statuses.append(status(3, "w3"))
        original = there.answer
        there.answer = lambda asked: (  # type: ignore[method-assign]
            (429, {"Retry-After": "60"}, b"") if asked.path.startswith("/api/v1/statuses/") else original(asked)
        )
        ear.look()
        assert (words(ear), ear.channel.state) == (["w1", "w2", "w3"], "slowed")

    def test_a_thread_of_its_own_reads_by_schedule(self, world: World, there: Elsewhere):
        there.feed = rss(("1", "A", "first"))
        ear = connected(world, there, "feed")
        assert ear.channel in feeding._fed()
        end = threading.Event()
        thread = threading.Thread(target=feeding.feed, args=(world.app, ear.channel_id, end))
        thread.start()
        until = datetime.now(UTC) + timedelta(seconds=20)
        while ear.channel.state_text == "" and datetime.now(UTC) < until:
            end.wait(0.05)
        end.set()
        thread.join(5)
        world.file()
        assert (words(ear), ear.channel.state, len(there.asked)) == (["first"], "working", 1)


class TestTheWire:
    def test_leads_to_no_private_address(self, there: Elsewhere, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "")
        settings.cache_clear()
        with pytest.raises(Permanent, match="private address"):
            asking.get(f"{there.url}/feed.xml")
        assert there.asked == []

    def test_carries_a_key_to_no_other_place(self, there: Elsewhere):
        with pytest.raises(Permanent, match="moved to another address"):
            asking.get(f"{there.url}/away.xml", {"Authorization": "Bearer secret"})

    @pytest.mark.parametrize(
        ("status_code", "error"),
        [(401, AuthExpired), (403, AuthExpired), (404, Permanent), (410, Permanent), (418, Permanent)]
        + [(429, RateLimited), (500, Retryable), (503, Retryable)],
    )
    def test_says_in_words_what_a_refusal_means(self, there: Elsewhere, status_code: int, error: type[Exception]):
        there.refusals = [(status_code, {})]
        with pytest.raises(error, match=r"127\.0\.0\.1 .*\.$"):
            asking.get(f"{there.url}/feed.xml", {"Authorization": "Bearer secret"})

    def test_that_is_cut_is_tried_later(self, there: Elsewhere):
        with pytest.raises(Retryable):
            asking.get(there.url.replace(str(there.port), "9"))


class TestSilence:
    def test_of_a_source_is_told(self, world: World, there: Elsewhere):
        ear = connected(world, there, "mastodon")
        for number in range(25):
            there.statuses.append(status(number, f"w{number}"))
            ear.look()
        assert silence.silent_since(ear.channel_id) is None
        for _ in range(3):
            ear.look()
        silence.watch()
        assert ear.channel.silent_since is not None


class TestAccounting:
    def test_every_arrival_has_exactly_one_end(self, world: World, there: Elsewhere):
        CLOCK.enter_context(travel(to=datetime(2026, 11, 21, 12, tzinfo=UTC)))
        ear = connected(world, there, "discourse")
        there.forum += [forum(number, f"w{number}") for number in range(1, 9)]
        there.forum.append(forum(9, "no author", username=""))
        ear.look()
        there.forum[3]["cooked"] = "<p>other</p>"
        del there.forum[1]
        ear.look()
        (tally,) = [one for one in accounting.tallies(accounting.today()) if one.channel_id == ear.channel_id]
        assert tally.arrived == sum(tally.ends.values()) == 11
        assert (tally.ends["done"], tally.ends["quarantined"]) == (10, 1)
        assert (tally.on_the_way, tally.unaccounted) == (0, 0)
