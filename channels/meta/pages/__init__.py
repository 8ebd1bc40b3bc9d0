"""Messenger and Instagram: the Messenger Platform, with a page's token; what differs stands in a `Flavour`."""
