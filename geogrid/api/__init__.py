"""Step 6, SERVE: the HTTP interface."""
