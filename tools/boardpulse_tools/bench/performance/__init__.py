"""Measures the bridge with all of its benches, and writes docs/performance.md from what they report."""
