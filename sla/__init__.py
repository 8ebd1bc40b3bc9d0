"""Promises: calendars, policies, agreements, equipment, commitments and on-call."""
