"""`boardpulse bench chaos`: whether anything vanishes, counted from what the boards themselves wrote down."""
