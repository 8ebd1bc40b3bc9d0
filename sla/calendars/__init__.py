"""Business time: when a calendar is open, and arithmetic on it."""
