"""Every number that this project publishes, printed by a command."""
