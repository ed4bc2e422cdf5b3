"""Proofs: what policies allow, and where data can go. Proved, refuted with a witness, or unknown."""
