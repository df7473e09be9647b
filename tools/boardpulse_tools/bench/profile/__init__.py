"""`boardpulse bench profile`: in which parts of the bridge the time of a message and of a page goes, and the memory."""
