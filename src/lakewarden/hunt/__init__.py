"""Looks for secrets in code and settings."""
