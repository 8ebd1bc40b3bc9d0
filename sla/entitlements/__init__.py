"""What covers a ticket, and why."""
