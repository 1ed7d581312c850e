"""Step 5, PROVE: where nobody, or more than one, is answerable."""
