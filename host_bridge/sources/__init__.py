"""Transports: what they hear goes to the core as core.received.Received."""
