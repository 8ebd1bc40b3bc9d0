"""What all three share: the connection, a request and its refusals, the signature of calls, the window."""
