"""Run every benchmark, one after another, each in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run all benchmarks; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--once", action="store_true", help="the smallest workload of each")
    options = parser.parse_args()
    failed = []
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        print(f"\n## {path.stem}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{path.stem}", *(["--once"] if options.once else [])]
        if subprocess.run(command, check=False, cwd=Path(__file__).parents[1]).returncode:
            failed.append(path.stem)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
