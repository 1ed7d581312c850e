"""Benchmarks: each module prints a table of figures measured in one run, as ratios.

Run one with ``python -m benchmarks.NAME`` and all of them with ``python -m benchmarks``;
``--once`` takes the smallest workload, to show that the benchmark still runs.
"""
