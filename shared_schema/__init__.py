"""What a board and a bridge must agree on: the wire protocol (SPEC.md) and the metric catalogue (catalog.toml).

Runs unchanged on CPython and MicroPython, and imports nothing of ours.
"""
