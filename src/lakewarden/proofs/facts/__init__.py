"""What AWS and Databricks publish and proofs rest on: dated tables, and small readers of them."""
