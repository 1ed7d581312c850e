"""Step 1, READ: official outlines, seams and registers, checked and repaired only when asked."""
