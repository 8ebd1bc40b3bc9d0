"""Counts the year again from its event log by the written definitions alone; only `comparing` knows the product."""
