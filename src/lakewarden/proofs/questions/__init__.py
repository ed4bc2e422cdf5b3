"""Named questions: one file a family; each with its arguments, its claims and its words."""
