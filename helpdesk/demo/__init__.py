"""The demo story: a company, its customers and one Thursday afternoon, loaded into an empty database."""
