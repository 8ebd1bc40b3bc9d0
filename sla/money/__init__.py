"""Money: what tickets and agreements cost and bring, by facts that add up to the cent; what is not known is said."""
