"""A telephone can keep the product on its home screen: what it reads for that is there."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin

from tests.plugins.world import Browser


class TestHomeScreen:
    def test_names_the_product_with_icons_of_the_sizes_it_says(self, ben_at_work: Browser):
        page = ben_at_work.get("/inbox/next-up").text
        (address,) = re.findall(r'<link rel="manifest" href="([^"]+)"', page)
        told = json.loads(ben_at_work.get(address).data)
        assert (told["start_url"], told["display"]) == ("/", "standalone")
        for icon in told["icons"]:
            picture = ben_at_work.get(urljoin(address, icon["src"])).data
            width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
            assert icon["sizes"] == f"{width}x{height}"

    def test_has_an_icon_for_telephones_that_read_no_manifest(self, ben_at_work: Browser):
        page = ben_at_work.get("/inbox/next-up").text
        (address,) = re.findall(r'<link rel="apple-touch-icon" href="([^"]+)"', page)
        assert ben_at_work.get(address).data.startswith(b"\x89PNG")
