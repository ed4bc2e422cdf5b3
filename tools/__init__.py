"""What contributors run, and users do not."""
