"""A second opinion: claims as SMT-LIB, written from the documentation and not from the engine."""
