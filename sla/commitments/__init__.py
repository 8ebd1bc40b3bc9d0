"""Promises made on a ticket: their clocks, kept or broken, and explained."""
