"""How long a scrape takes, beside prometheus_client and the peers, and how long ingest pauses meanwhile."""
