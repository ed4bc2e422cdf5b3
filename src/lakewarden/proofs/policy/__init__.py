"""Policies of AWS: what a statement says, which requests it admits, and whether there is one."""
