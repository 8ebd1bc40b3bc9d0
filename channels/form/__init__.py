"""A web form: a page of ours that becomes a ticket, answered by mail."""
