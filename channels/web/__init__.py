"""Settings pages of channels."""
