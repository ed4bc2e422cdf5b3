"""Where data lies and how it could leave."""
