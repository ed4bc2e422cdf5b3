"""The API of a workspace, one family a file."""
