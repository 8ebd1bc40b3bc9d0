"""Instagram: a professional account, linked to a page, that customers write to."""

from __future__ import annotations

from channels.doors import Form
from channels.meta.graph import forms
from channels.meta.pages.adapter import PagesAdapter
from channels.meta.pages.flavours import INSTAGRAM


class InstagramAdapter(PagesAdapter):
    flavour = INSTAGRAM
    form = Form(
        title="Instagram account",
        intro="Customers write to your professional account, and answers go back to them there.",
        icon="image",
        address_label="Account ID",
        address_hint="A long number: in the app's Instagram settings at Meta, beside the account.",
        fields=forms.fields("Of the page the account is linked to. It opens the messages of both."),
        elsewhere=forms.ELSEWHERE,
        known_by_name=True,
    )
