"""Service and volume."""
