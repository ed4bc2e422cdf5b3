"""A pretend Databricks account, its workspaces and the AWS account under them, served over HTTP."""

from __future__ import annotations

from lakewarden.simulate.server import Simulation, start

__all__ = ["Simulation", "start"]
