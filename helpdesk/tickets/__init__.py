"""Tickets: what can happen to a request from first word to closed."""
