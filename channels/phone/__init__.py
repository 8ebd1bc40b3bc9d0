"""Text messages and calls by a provider that speaks Twilio's HTTP."""
