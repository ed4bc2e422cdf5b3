"""What runs: clusters, the policies that bind them, machines."""
