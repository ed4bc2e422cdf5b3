"""What a workspace keeps: the registry of kinds, the canonical form of one asset, and what it refers to."""
