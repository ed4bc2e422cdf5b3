"""The only door to disk: snapshots and the findings of a run."""
