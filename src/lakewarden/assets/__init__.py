"""What a workspace keeps: the registry of kinds, and the form of an asset that all share."""
