"""Policies to write down: those that Databricks documents, and harder ones with a proof."""
