"""Helpers that tests of several folders share. Import them by name: `from tests.support.components import require`."""
