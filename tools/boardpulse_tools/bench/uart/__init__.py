"""Serial lines that are saturated at once: whether frames are lost, and what they cost."""
