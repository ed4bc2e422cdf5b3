"""What the vendor may do."""
