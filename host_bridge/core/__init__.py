"""Bytes in, actions out: no I/O, and no clock but the `now` that is passed in."""
