"""What was recorded, in one form: the normalised event, the catalogue of actions, and addresses."""
