"""An Asset Bundle that assesses and watches from within Databricks, on a schedule."""
