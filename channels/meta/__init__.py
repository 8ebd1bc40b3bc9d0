"""Meta's three ways to write to a company: Messenger, Instagram and WhatsApp, over one Graph API."""
