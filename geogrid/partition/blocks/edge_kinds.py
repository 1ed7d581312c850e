"""What an edge between atoms is, as numbers."""

from __future__ import annotations

__all__ = ["AREA", "BUILDING", "CUT", "LEGAL", "LINK", "SEAM", "TESSELLATION"]

SEAM, LEGAL, BUILDING, CUT, TESSELLATION, AREA, LINK = 0, 1, 2, 3, 4, 5, 6
"""What an edge is: a seam, the parent's border, a building's outline, a chord, a line between buildings,
an area's outline, a link to an island."""
