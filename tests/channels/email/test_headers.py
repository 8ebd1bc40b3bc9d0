from datetime import UTC, datetime

import pytest

from channels.email import headers


class TestText:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("plain\r\n folded", "plain folded"),
            ("=?iso-8859-1?q?Gr=FC=DFe_an?= alle", "Grüße an alle"),
            ("=?utf-8?b?8J+Y?= =?utf-8?b?gA==?=", "😀"),
            ("=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?a=0ABcc:_e=40x?=", "a Bcc: e@x"),
            ("=?utf-8*de?q?=C3=BC?=", "ü"),
            ("=?utf-8?q?with spaces?=", "with spaces"),
            ("=?x-unknown?q?ok?=", "ok"),
            ("=?utf-8?b?broken", "=?utf-8?b?broken"),
            ("Gr\udcc3\udcbc\udcc3\udc9fe", "Grüße"),
            ("a\x00b", "a b"),
        ],
    )
    def test_reads_words_as_people_wrote_them(self, raw, text):
        assert headers.text(raw) == text


class TestParameters:
    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            ('attachment; filename="a b.txt"', "a b.txt"),
            ("attachment; filename=a.txt; size=3", "a.txt"),
            ("attachment; filename*=utf-8''%C3%BC.txt", "ü.txt"),
            ("attachment; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=.txt", "ü.txt"),
            ("attachment; filename=x; filename*=utf-8''%C3%BC.txt", "ü.txt"),
            ('attachment; filename="un\\"closed', 'un"closed'),
        ],
    )
    def test_filenames_in_every_dialect(self, raw, name):
        assert headers.parameterised(raw)[1]["filename"] == name

    def test_a_malformed_type_is_none(self):
        assert headers.content_type("<script>/x; charset=utf-8") == ("", {"charset": "utf-8"})


class TestIds:
    @pytest.mark.parametrize(
        ("raw", "found"),
        [
            (" <a@b> ", "<a@b>"),
            ("a@b", "<a@b>"),
            ("<a@b@c>", "<a@b@c>"),
            ("", ""),
            ("<a b@c>", ""),
            ("<a@b> <c@d>", ""),
            ("<" + "a" * 600 + "@b>", ""),
        ],
    )
    def test_one_id_or_none(self, raw, found):
        assert headers.message_id(raw) == found

    def test_long_chains_keep_first_and_newest(self):
        found = headers.message_ids(" ".join(f"<{at}@x>" for at in range(500)))
        assert (found[0], found[-1], len(found)) == ("<0@x>", "<499@x>", headers.MESSAGE_IDS)


class TestDate:
    @pytest.mark.parametrize(
        "raw", ["", "yesterday", "Thu, 99 Oct 2026 99:99:99 +9999", "31 Dec 9999 23:00 -0200", "\udc80"]
    )
    def test_unreadable_dates_are_none(self, raw):
        assert headers.date(raw) is None

    def test_are_utc(self):
        assert headers.date("Thu, 15 Oct 2026 16:42:00 +0200") == datetime(2026, 10, 15, 14, 42, tzinfo=UTC)


class TestBase64:
    @pytest.mark.parametrize(
        "octets", [b"aGVsbG8=", b"aGVsbG8", b"aG Vs\r\nbG8=", b"aGVs=bG8=", b"aGV*sbG8=", b"aGU=bGxv"]
    )
    def test_is_read_as_far_as_it_goes(self, octets):
        assert headers.base64(octets) == b"hello"
