"""Benchmarks: each prints a table, or with --json one object, and exits 1 when a goal is not met."""
