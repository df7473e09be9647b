"""Samples at their true time to a Prometheus, or what speaks its remote write 1.0: docs/remote-write.md."""
