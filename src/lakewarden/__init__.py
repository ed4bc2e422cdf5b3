"""Security of a Databricks deployment on AWS: read it, judge it, prove it."""

__version__ = "0.1.0"
