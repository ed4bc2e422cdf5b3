"""The event tables: Delta tables that DuckDB writes and reads, as any other engine can."""
