"""`boardpulse flash` and `boardpulse unflash`: from a MicroPython board in the hand to a monitored device."""
