"""MicroPython's onewire, on every port of these."""


class OneWire:
    """A bus on a pin."""

    def __init__(self, pin):
        self.pin = pin
