"""Policies: promises in general, and which requests they are made for."""
