"""The controls: a kit, and one file a control on eight shelves."""
