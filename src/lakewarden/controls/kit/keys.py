"""Registered keys as subjects, each KMS key once, however many configurations name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.controls.kit.subjects import Absence, Subject, SubjectKind
from lakewarden.estate.account import ENCRYPTION_KEYS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.ledger.finding import SubjectRef


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A KMS key that is registered with the account."""

    arn: str


def _keys(estate: Estate) -> Iterator[Subject[RegisteredKey] | Absence]:
    seen: set[str] = set()
    try:
        for key in estate.of(ENCRYPTION_KEYS).each():
            arn = key.arn.get()
            if arn in seen:
                continue
            seen.add(arn)
            alias = "" if key.alias.gap is not None else key.alias.get() or ""
            name = alias.removeprefix("alias/") or arn.rsplit("/", 1)[-1]
            yield Subject(SubjectRef("key", arn, name), RegisteredKey(arn))
    except UnreadError as error:
        yield Absence(SubjectRef("key", "*", "every key"), error.gap)


KEY: Final = SubjectKind("key", _keys)

ARN: Final = "arn:aws:kms:us-east-1:111122223333:key/0b7e"


def registered(**info: Any) -> dict[str, Any]:
    """Return a key configuration for examples, as the account answers it."""
    return {
        "customer_managed_key_id": "k1",
        "use_cases": ["STORAGE"],
        "aws_key_info": {"key_arn": ARN, "key_alias": "alias/lake", **info},
    }
