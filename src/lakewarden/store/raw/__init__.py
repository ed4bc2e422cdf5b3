"""Raw log files: found, opened, joined, and read into DuckDB, with every record accounted for."""
