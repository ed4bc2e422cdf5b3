"""The whitepaper as data: its sections, threats, postures and tiers."""
