"""A deployment from nothing: a set of Terraform modules that passes every control of a plan."""
