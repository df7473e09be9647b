"""`boardpulse bench ingest`: what a message costs, ours and others', side by side."""
