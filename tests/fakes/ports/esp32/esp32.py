"""esp32 of the esp32 port: a thermometer in °F on the classic chip, in °C on the others (docs/esp32/quickref.rst)."""

import hardware

HEAP_DATA = 4

if hardware.chip == "esp32":

    def raw_temperature():
        """°F."""
        return 127

else:

    def mcu_temperature():
        """°C."""
        return 41


def idf_heap_info(capabilities):
    """(size, free, largest block, least ever free) of each region."""
    assert capabilities == HEAP_DATA
    return [(7288, 0, 0, 0), (113840, 60412, 45056, 51200), (15072, 15036, 14848, 15036)]
