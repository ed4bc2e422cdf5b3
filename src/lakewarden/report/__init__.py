"""What is said of an assessment: a terminal table, JSON, and one self-contained HTML page."""
