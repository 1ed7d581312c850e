"""Full answers: in batch per second and core, as a frame, and one at a time."""

from __future__ import annotations

import argparse
import datetime as dt
import time

import numpy as np
import pandas as pd

from benchmarks._district import desk
from geogrid.assign.answer import LATE
from geogrid.assign.frame import answer_frame


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--once", action="store_true", help="500,000 reports instead of 2,000,000")
    count = 500_000 if parser.parse_args().once else 2_000_000
    made = desk()
    rng = np.random.default_rng(1)
    lon, lat = 121.1 + rng.random(count) * 0.23, 31.2 + rng.random(count) * 0.2
    kind = rng.integers(0, len(made.rulebook.categories), count).astype(np.int32)
    condition = rng.integers(0, 2, count).astype(np.int32)
    first = made.roster.calendar.second_of(dt.date(2026, 1, 1))
    seconds = first + rng.integers(0, 365 * 86400, count)
    grades, grade_of_cell = made.places.grade_rows

    def answer() -> tuple[np.ndarray, np.ndarray]:
        cells = made.locator.locate(lon, lat, datum="wgs84")
        batch = made.batch(seconds)
        cases = made.cases.rows(kind, condition)
        places = made.classes.of_cell[cells]
        result = batch.answer(places, cases, np.zeros(count, np.int32), seconds)
        due = made.cases.deadlines(made.work_clock, cases, grade_of_cell[cells], grades, seconds)
        return result.person, due

    started = time.process_time()
    answer()
    print(f"first time, with compiling the year of shifts: {time.process_time() - started:.2f} s")
    started = time.process_time()
    person, _ = answer()
    taken = time.process_time() - started
    print(
        f"arrays: {count / taken / 1e6:.2f} million full answers a second on one core (budget 2), {np.mean(person >= 0):.2%} answered"
    )

    codes = np.array([category.code for category in made.rulebook.categories], dtype=object)
    frame = pd.DataFrame(
        {
            "lon": lon,
            "lat": lat,
            "category": pd.Categorical.from_codes(kind, codes),
            "condition": pd.Categorical.from_codes(condition, ["1", "2"]),
            "at": pd.to_datetime(seconds, unit="s", utc=True),
        }
    )
    started = time.process_time()
    answers = answer_frame(made, frame, datum="wgs84")
    taken = time.process_time() - started
    print(f"frame in, frame out: {count / taken / 1e6:.2f} million a second, {len(answers.columns)} columns")

    moments = [made.roster.calendar.moment_of(int(second)) for second in seconds[:2000]]
    for read in ((), LATE):
        best = float("inf")
        for _ in range(4):
            started = time.process_time()
            for i, at in enumerate(moments):
                one = made.answer(lon=lon[i], lat=lat[i], datum="wgs84", category=codes[kind[i]], condition="1", at=at)
                for name in read:
                    getattr(one, name)
            best = min(best, (time.process_time() - started) / len(moments) * 1e6)
        what = (
            "every field read: reasons, deadline, deputies, tiers above" if read else "person, place, rule (budget 50)"
        )
        print(f"one at a time: {best:.0f} µs, {what}")


if __name__ == "__main__":
    main()
