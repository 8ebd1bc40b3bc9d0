"""Service and volume: how soon people are answered, what comes in, what is open, who does the work."""
