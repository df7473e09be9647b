"""MicroPython's ds18x20 with one DS18B20 at 21.5 °C on each bus."""


class DS18X20:
    """The driver's names that boardpulse uses."""

    def __init__(self, onewire):
        self.bus = onewire

    def scan(self):
        """One device."""
        return [b"\x28\xff\x01\x02\x03\x04\x05\x06"]

    def convert_temp(self):
        """Takes no time here."""

    def read_scratch(self, rom):
        """21.5 °C at 12 bits: 0x158."""
        return b"\x58\x01\x4b\x46\x7f\xff\x0c\x10\x9d"
