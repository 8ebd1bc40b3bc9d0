"""The core: tickets, people, the event spine, the outbox and the web inbox. Imports no plugin."""
