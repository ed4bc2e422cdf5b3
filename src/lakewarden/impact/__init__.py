"""Who and what a plan would have refused: recorded events, replayed against it."""
