"""WhatsApp by the Cloud API, with a system user's token."""
