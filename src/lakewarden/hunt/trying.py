"""Tries a rule on its own examples with both engines: each must be found, and no near miss."""

from __future__ import annotations

from lakewarden.hunt.detector import Detector
from lakewarden.hunt.rule import Rule
from lakewarden.hunt.samples import filled
from lakewarden.hunt.scanners import Keywords, scanner


def failure(rule: Rule) -> str:
    """Return what is wrong about a rule by its examples, empty for nothing."""
    if not rule.examples or not rule.near_misses:
        return "has no example, or no near miss"
    try:
        engines = [Keywords([rule]), scanner([rule])]
    except Exception as error:  # noqa: BLE001  # whatever the faster engine says of a pattern
        return f"has a pattern that cannot be used: {error}"
    return next(filter(None, (_failure(rule, Detector([rule], engine)) for engine in engines)), "")


def _failure(rule: Rule, detector: Detector) -> str:
    for template in rule.examples:
        if not detector.leaks(filled(template, "trial").encode(), plain=True):
            return f"does not find its example {template!r}"
    for template in rule.near_misses:
        if detector.leaks(filled(template, "trial").encode(), plain=True):
            return f"finds its near miss {template!r}"
    return ""
