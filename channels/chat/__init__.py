"""Web chat on somebody's own site: the product itself is the provider."""
