"""The HTML face: pages and fragments for agents."""
