"""Step 4, ANSWER: a point becomes a cell, a duty and one accountable person."""
