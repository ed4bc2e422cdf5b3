"""From a Terraform plan to an estate: the same controls, before anything is applied."""
