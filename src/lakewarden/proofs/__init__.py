"""Proofs: what policies allow, and where data goes. Proved, refuted with a witness, or unknown."""
