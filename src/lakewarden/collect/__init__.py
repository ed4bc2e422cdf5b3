"""From clients to estate: one file an API family; each says why it could not look."""
