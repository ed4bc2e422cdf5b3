from __future__ import annotations

from sparks import spark  # noqa: F401  # a fixture
