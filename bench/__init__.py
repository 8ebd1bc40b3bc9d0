"""Figures of the product beside the machine's own limits: `python -m bench` prints one table."""
