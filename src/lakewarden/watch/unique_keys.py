"""YAML in which a key stands once: of two conditions the first would be gone without a word."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def loader() -> Any:
    """Return a safe loader, a fast one if it can, to which a key that stands twice is a mistake."""
    import yaml  # noqa: PLC0415  # slow to load

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def once(self: Any, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # its signature
        seen = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return base.construct_mapping(self, node, deep)

    return type("Loader", (base,), {"construct_mapping": once})
