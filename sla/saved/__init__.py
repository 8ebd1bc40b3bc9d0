"""Saved reports: an address of filters by a name, and the mails that bring its table at a wall time."""
