"""Attainment statements: what was promised in a month and what became of it, signed, and open to anybody's check."""
