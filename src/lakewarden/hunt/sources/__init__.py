"""Where documents come from: each source yields what is there, and what was not read."""
