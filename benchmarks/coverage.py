"""Prove a district for one year: 46,000 cells, 292 grids, 151 categories, 1,000 people, shifts and holidays."""

from __future__ import annotations

import datetime as dt
import time

from benchmarks._district import desk
from geogrid.coverage import prove_staffing


def main() -> None:
    made = desk()
    first, last = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
    prove_staffing(made, first, first + dt.timedelta(days=1))
    fresh = desk()
    started = time.process_time()
    proof = prove_staffing(fresh, first, last)
    seconds = time.process_time() - started
    people, categories = len(fresh.roster.persons), len(fresh.rulebook.categories)
    print(f"{proof.cells:,} cells, {people:,} people, {categories} categories, {proof.categories} cases, one year")
    print(f"{len(proof.open)} open, {proof.answered_share:.4%} answered, proved in {seconds:.2f} s (budget 10 s)")


if __name__ == "__main__":
    main()
