"""Sigma rules, read into rules of ours and written from them, where both say the same."""
