"""Messenger: a page that customers write to."""

from __future__ import annotations

from channels.doors import Form
from channels.meta.graph import forms
from channels.meta.pages.adapter import PagesAdapter
from channels.meta.pages.flavours import MESSENGER


class MessengerAdapter(PagesAdapter):
    flavour = MESSENGER
    form = Form(
        title="Messenger page",
        intro="Customers write to your page in Messenger, and answers go back to them there.",
        icon="message-circle",
        address_label="Page ID",
        address_hint="A long number: on the page, About, Page transparency.",
        fields=forms.fields("Of the page, from the app's Messenger settings at Meta. It opens the page's messages."),
        elsewhere=forms.ELSEWHERE,
        known_by_name=True,
    )
