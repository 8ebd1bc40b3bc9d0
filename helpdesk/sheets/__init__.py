"""Tables as files: what a table is, and how it leaves as CSV, Excel or JSON, row by row."""
