"""HTTP single look-up against an empty FastAPI route, on loopback, in the same run.

Two servers run, each in a process of its own: one with a FastAPI application whose only route returns an empty
object, one with geogrid's over an atlas of the toy city with a roster. Many short rounds alternate between them, each a
fixed number of requests over a few kept-alive connections, so that whatever else the machine does meets both alike. The
figure is the median of the rounds' ratios. Beside it stands the ratio of processor time the servers took (Linux).
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
def server(code: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """Yield the port and the process id of a server once it accepts connections."""
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
        yield port, process.pid
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


def processor_s(process: int) -> float:
    """Return the processor seconds of a process's event loop so far; NaN where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[0]) / 1e9
    except OSError:
        return float("nan")


def main() -> int:
    """Run the rounds and print the table; return 1 if the budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--once", action="store_true", help="few requests, the budget is not judged")
    parser.add_argument("--requests", type=int, default=250, help="requests a round")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    count, rounds = (200, 3) if options.once else (options.requests, options.rounds)
    dice = random.Random(7)
    places = [(121.25 + dice.random() * 0.004, 31.38 + dice.random() * 0.004) for _ in range(count)]
    lookups = [f"/v1/lookup?lon={lon:.7f}&lat={lat:.7f}&datum=wgs84".encode() for lon, lat in places]
    with tempfile.TemporaryDirectory() as folder:
        make_atlas(Path(folder) / "toy.gpkg")
        toy = str(Path(folder) / "toy.gpkg")
        with server(EMPTY) as (empty, empty_process), server(LOOKUP, toy) as (lookup, lookup_process):
            asyncio.run(throughput(empty, [b"/"] * 500))
            asyncio.run(throughput(lookup, lookups * 3))
            before = processor_s(empty_process), processor_s(lookup_process)
            figures = [
                (asyncio.run(throughput(empty, [b"/"] * count)), asyncio.run(throughput(lookup, lookups)))
                for _ in range(rounds)
            ]
            bare_s, full_s = processor_s(empty_process) - before[0], processor_s(lookup_process) - before[1]
    ratio = statistics.median(full / bare for bare, full in figures)
    each = 1e6 / (count * rounds)
    print(
        f"empty FastAPI route  {statistics.median(bare for bare, _ in figures):8,.0f} requests/s  {bare_s * each:5.0f} µs CPU each"
    )
    print(
        f"GET /v1/lookup       {statistics.median(full for _, full in figures):8,.0f} requests/s  {full_s * each:5.0f} µs CPU each"
    )
    print(f"ratio                {ratio:8.2f}             {bare_s / full_s:8.2f}   (budget: at least {BUDGET})")
    return int(not options.once and ratio < BUDGET)


if __name__ == "__main__":
    raise SystemExit(main())
