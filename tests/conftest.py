"""What every test shares: the examples that are drawn are the same in each run.

A change is held against the same examples as the one before it. `HYPOTHESIS_PROFILE=new` draws
others; whatever they find belongs into the test as an example.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("new", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
