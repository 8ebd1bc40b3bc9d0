"""Attainment statements: written, issued, printed and recomputed by others."""
