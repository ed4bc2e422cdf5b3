"""Short ways to write policies and claims in tests."""

from __future__ import annotations

import json
from typing import Any

from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.semantics.iam_documents import Document, parse

ANN = "arn:aws:iam::111122223333:role/ann"
BUCKET = "arn:aws:s3:::b"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> Document:
    """Return a policy; a statement allows everything on everything unless it says otherwise."""
    whole = [{"Effect": "Allow", "Action": "*", "Resource": "*", **s} for s in statements]
    for entry in whole:
        for part in ("Action", "Resource"):
            if f"Not{part}" in entry:
                del entry[part]
    return parse(json.dumps({"Version": version, "Statement": whole}))


def of_resource(*statements: dict[str, Any], **layer: Any) -> Layer:
    """Return a resource's policy; a statement is about everybody unless it says otherwise."""
    whole = [s if "NotPrincipal" in s else {"Principal": "*", **s} for s in statements]
    return Layer("policy", (policy(*whole),), names_callers=True, **layer)


def claim(
    layer: Layer, *where: Any, actions: tuple[str, ...] = ("s3:GetObject",), **more: Any
) -> Claim:
    """Return the claim that nothing of a description is admitted."""
    tests = tuple(that(test) if isinstance(test, tuple) else test for test in where)
    return Claim(actions, tests, (layer,), **more)
