"""`boardpulse bench board`: what the firmware takes on a board, measured on the interpreters that boards run."""
