"""Agreements with customers: terms, coverage, clauses, prepaid balances and credits."""
