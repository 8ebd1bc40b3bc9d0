import json
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from helpdesk.web.assets import Assets, NotBuilt, install


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps({"app.css": "app.A1.css", "icons.svg": "icons.B2.svg"}))
    return tmp_path


class TestAssets:
    def test_name_files_after_their_content(self, built: Path) -> None:
        assert Assets(built).url("app.css") == "/static/dist/app.A1.css"

    def test_draw_icons_from_the_sprite_out_of_sight_of_screen_readers(self, built: Path) -> None:
        icon = Assets(built).icon("mail", "sm")
        assert icon == (
            '<svg class="icon icon--sm" aria-hidden="true"><use href="/static/dist/icons.B2.svg#i-mail"/></svg>'
        )

    def test_escape_what_a_template_hands_them(self, built: Path) -> None:
        assert "<script" not in Assets(built).icon('"><script>', '"><script>')

    def test_say_what_to_do_when_nothing_is_built(self, tmp_path: Path) -> None:
        with pytest.raises(NotBuilt, match="npm run build"):
            Assets(tmp_path).url("app.css")

    def test_name_the_file_that_is_missing(self, built: Path) -> None:
        with pytest.raises(NotBuilt, match=r"gone\.css"):
            Assets(built).url("gone.css")

    def test_see_a_new_build_at_once_while_developing(self, built: Path) -> None:
        steady, reloading = Assets(built), Assets(built, reload=True)
        for assets in (steady, reloading):
            assets.url("app.css")
        (built / "manifest.json").write_text(json.dumps({"app.css": "app.NEW.css"}))
        (built / "manifest.json").touch()
        assert steady.url("app.css") == "/static/dist/app.A1.css"
        assert reloading.url("app.css") == "/static/dist/app.NEW.css"

    def test_reach_templates(self, built: Path) -> None:
        app = Flask(__name__)
        install(app, built)
        with app.app_context():
            assert render_template_string("{{ asset('app.css') }} {{ initials('Maya Okafor') }}") == (
                "/static/dist/app.A1.css MO"
            )
