"""The bridge between boards and Prometheus: a daemon and its command line."""
