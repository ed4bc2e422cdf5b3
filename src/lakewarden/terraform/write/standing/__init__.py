"""A deployment as it stands, as things: what a snapshot says of each."""
