"""What a question is asked with: policies and the words that say what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakewarden.proofs.policy.scene import partition_of
from lakewarden.semantics.iam_documents import Document


class ArgumentError(ValueError):
    """An argument is missing, or says something that makes no sense; the text names it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a question.

    Attributes:
        name: as it is written, `networks`.
        what: what it says.
        required: it has to be given.
        policy: it is policies, given as files.
    """

    name: str
    what: str
    required: bool = False
    policy: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of a question.

    Attributes:
        policies: by argument; what a file holds.
        words: by argument.
        grants: the grants of a key, as `kms:ListGrants` answers.
    """

    policies: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grants: tuple[Mapping[str, Any], ...] | None = None

    @property
    def partition(self) -> str:
        """Return the partition of AWS that policies or arguments speak of: `aws`, `aws-us-gov`."""
        found = partition_of(s for ds in self.policies.values() for d in ds for s in d.statements)
        said = (
            w.split(":")[1] for ws in self.words.values() for w in ws if w.startswith("arn:aws-")
        )
        return found if found != "aws" else next(said, found)

    def documents(self, name: str = "policy") -> tuple[Document, ...]:
        """Return the policies of an argument; none when it was not given."""
        return self.policies.get(name, ())

    def many(self, name: str) -> tuple[str, ...]:
        """Return the words of an argument; none when it was not given."""
        return self.words.get(name, ())

    def one(self, name: str) -> str:
        """Return the only word of an argument; empty when it was not given.

        Raises:
            ArgumentError: it was given several times.
        """
        words = self.many(name)
        if len(words) > 1:
            raise ArgumentError(f"{name} takes one value, and {len(words)} are given")
        return words[0] if words else ""
