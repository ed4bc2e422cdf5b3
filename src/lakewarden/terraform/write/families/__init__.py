"""Which resource a kind becomes: one file a family, each with its `ROWS`."""
