"""Letters of ours say the same as text and as HTML, and nothing in them becomes HTML."""

from __future__ import annotations

from helpdesk.people import letters
from tests.plugins.world import World


def test_the_link_stands_between_what_is_said_and_what_follows(world: World):
    ada = world.ada
    letter = letters.write(ada, "A gap", ["June <Dev>", "are away."], "https://kept.example/a?b&c", ["Once."])
    assert letter.content["text"] == (
        f"Hello {ada.first_name},\n\nJune <Dev>\n\nare away.\n\nhttps://kept.example/a?b&c\n\nOnce.\n"
    )
    assert letter.content["html"] == (
        f"<p>Hello {ada.first_name},</p><p>June &lt;Dev&gt;</p><p>are away.</p>"
        '<p><a href="https://kept.example/a?b&amp;c">https://kept.example/a?b&amp;c</a></p><p>Once.</p>'
    )
    assert [one.address for one in letter.recipients] == [ada.email]
