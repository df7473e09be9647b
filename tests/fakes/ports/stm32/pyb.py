"""pyb of the stm32 port."""


class ADCAll:
    """ports/stm32/adc.c: floats. Where reading the reference is what corrects the others, they are wrong before it."""

    def __init__(self, resolution, mask=0xFFFFFFFF):
        if resolution not in (6, 8, 10, 12):
            raise ValueError("resolution %d not supported" % resolution)
        if mask & 0x1FFFF:
            raise RuntimeError("this would make analogue inputs of pins")
        self._factor = 0.5

    def read_core_vref(self):
        """1.21 V; corrects the others from now on."""
        self._factor = 1.0
        return 1.21

    def read_vref(self):
        """VDDA."""
        self.read_core_vref()
        return 3.296

    def read_core_vbat(self):
        """VBAT."""
        return 3.281 * self._factor

    def read_core_temp(self):
        """°C."""
        return 34.53 * self._factor
