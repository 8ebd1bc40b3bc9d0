"""Places that are only listened to."""
