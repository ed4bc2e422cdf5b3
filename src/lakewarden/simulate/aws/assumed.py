"""What AWS takes for granted where a call leaves it out, and moto takes for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation

_ASSUMED = {"ec2:CreateNatGateway": ("ConnectivityType", "public")}


def completed(body: bytes, operation: Operation) -> bytes:
    """Return a form body with what its operation assumes of it."""
    name, value = _ASSUMED.get(str(operation), ("", ""))
    if not name or f"{name}=".encode() in body:
        return body
    return body + f"&{name}={value}".encode()
