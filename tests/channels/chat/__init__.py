"""The chat of a site."""
