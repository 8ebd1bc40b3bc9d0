"""Text that came from outside: made safe, made plain."""
