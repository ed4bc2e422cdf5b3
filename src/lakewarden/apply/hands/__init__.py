"""How things are changed: one file a resource kind, each with its `HANDS`."""
