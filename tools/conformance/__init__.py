"""Strangers' software against the simulator: it must not notice that the platform is pretended."""
