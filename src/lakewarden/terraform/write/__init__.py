"""From a plan, or from a deployment as it stands, to Terraform with import blocks."""
