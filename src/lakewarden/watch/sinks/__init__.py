"""Where alerts go: one file a sink."""
