"""What every control is made with."""
