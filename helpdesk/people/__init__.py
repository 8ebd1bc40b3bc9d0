"""Contacts, organizations, agents and teams."""
