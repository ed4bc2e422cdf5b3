"""What survives a bad day."""
