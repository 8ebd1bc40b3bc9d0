"""Direct messages in Slack with buttons."""
