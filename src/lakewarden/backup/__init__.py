"""Reads a workspace into a vault."""
