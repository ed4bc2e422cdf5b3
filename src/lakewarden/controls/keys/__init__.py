"""Encryption keys and secrets."""
