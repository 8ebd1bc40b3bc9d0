"""Channels: every way a request comes in and every way an answer goes out."""
