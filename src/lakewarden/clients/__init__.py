"""The only door to the network: Databricks hosts and AWS, read or changed by their own SDKs."""
