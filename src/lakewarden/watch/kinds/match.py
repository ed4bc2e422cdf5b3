"""`match`: every event is a hit."""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form
from lakewarden.watch.rule import Rule


def form(rule: Rule, setting: Setting) -> Form:  # noqa: ARG001  # all kinds have this signature
    """Return the hits of a rule: its events."""
    return Form("SELECT *, ts AS hit_at FROM m")
