"""Who would be locked out by a plan: one file a guard. Pure: nothing is read, nothing changed."""
