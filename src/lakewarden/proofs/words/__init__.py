"""Languages of words: patterns with wildcards, what they share, and the shortest word of it."""
