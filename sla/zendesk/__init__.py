"""Our tickets in the shape of another helpdesk's tables, so that SQL packages of others can count them too."""
