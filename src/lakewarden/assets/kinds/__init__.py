"""The registry itself: one file a family, each with its `KINDS`."""
