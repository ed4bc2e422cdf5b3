"""What exists: the typed records of a deployment, and the facts that they are made of."""
