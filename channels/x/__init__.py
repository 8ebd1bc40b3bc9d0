"""Posts that name us and direct messages on X."""
