"""Brings a workspace to what a backup has: plans, standby, drift, failover, drills."""
