"""HTTP single look-up against an empty FastAPI route, on loopback, in the same run.

Two servers run, each in a process of its own: one with a FastAPI application whose only route returns an empty
object, one with geogrid's over an atlas of the toy city with a roster. Rounds alternate between them; a round is a
fixed number of requests over a few kept-alive connections. The figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

CONNECTIONS = 8
BUDGET = 0.85

EMPTY = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def empty() -> dict[str, str]:
    return {}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""
LOOKUP = """
import sys, uvicorn
from geogrid.api import Settings, create_app
uvicorn.run(create_app(Settings(atlas=sys.argv[2])), port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


def make_atlas(path: Path) -> None:
    """Publish the toy city with somebody in charge of every grid."""
    from geogrid.assign.desk import Atlas
    from geogrid.assign.roster import Duty, Person, Roster
    from geogrid.testing import toy_city

    atlas = Atlas.create(path)
    atlas.publish(toy_city(), valid_from="2026-01-01")
    people = tuple(Person(f"p{number}", f"Person {number}") for number in range(1, 5))
    duties = tuple(Duty(f"p{number}", "grid_head", "responsibility", f"G0{number}") for number in range(1, 5))
    atlas.replace_roster(Roster(persons=people, duties=duties))
    atlas.close()


@contextmanager
def server(code: str, *arguments: str) -> Iterator[int]:
    """Yield the port of a server process once it accepts connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = Popen([sys.executable, "-c", code, str(port), *arguments], stdout=DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


async def throughput(port: int, targets: list[bytes]) -> float:
    """Return requests a second; every answer must be a 200."""

    async def one(mine: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for target in mine:
            writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{target.decode()}: {head.decode()}")
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    started = time.perf_counter()
    await asyncio.gather(*(one(targets[first::CONNECTIONS]) for first in range(CONNECTIONS)))
    return len(targets) / (time.perf_counter() - started)


def main() -> int:
    """Run the rounds and print the table; return 1 if the budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--once", action="store_true", help="few requests, the budget is not judged")
    parser.add_argument("--requests", type=int, default=4000, help="requests a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    count, rounds = (400, 1) if options.once else (options.requests, options.rounds)
    dice = random.Random(7)
    places = [(121.25 + dice.random() * 0.004, 31.38 + dice.random() * 0.004) for _ in range(count)]
    lookups = [f"/v1/lookup?lon={lon:.7f}&lat={lat:.7f}&datum=wgs84".encode() for lon, lat in places]
    with tempfile.TemporaryDirectory() as folder:
        make_atlas(Path(folder) / "toy.gpkg")
        with server(EMPTY) as empty, server(LOOKUP, str(Path(folder) / "toy.gpkg")) as lookup:
            figures: list[tuple[float, float]] = []
            for number in range(rounds + 1):
                bare = asyncio.run(throughput(empty, [b"/"] * count))
                full = asyncio.run(throughput(lookup, lookups))
                if number:
                    figures.append((bare, full))
    ratio = statistics.median(full / bare for bare, full in figures)
    print(f"empty FastAPI route  {statistics.median(bare for bare, _ in figures):8,.0f} requests/s")
    print(f"GET /v1/lookup       {statistics.median(full for _, full in figures):8,.0f} requests/s")
    print(f"ratio                {ratio:8.2f}   (budget: at least {BUDGET})")
    return int(not options.once and ratio < BUDGET)


if __name__ == "__main__":
    raise SystemExit(main())
