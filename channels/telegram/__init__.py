"""A Telegram bot that customers write to; the worked example of an adapter."""
