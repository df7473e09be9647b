"""Stand-ins for hardware and lines: what a test can hold in its hand instead of waiting for it."""
