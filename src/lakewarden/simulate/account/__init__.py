"""The API of the account, one family a file."""
