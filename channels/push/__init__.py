"""Notifications in a browser by its push service."""
