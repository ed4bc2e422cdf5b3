"""`Answer`: what came of a question, in words that a person can follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Request


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        question: its name.
        outcome: proved, refuted or unknown.
        claim: what is claimed, as a sentence.
        statements: of a proof, the statements that do the work; of a witness, those that admit it.
        witness: the requests that refute the claim; several for one that acts on several resources,
            or that takes several steps.
        explanation: why, line by line.
        assumptions: what the answer rests on beside the policies.
        document: a policy that is offered, as JSON; None for none.
    """

    question: str
    outcome: Outcome
    claim: str
    statements: tuple[str, ...] = ()
    witness: tuple[Request, ...] = ()
    explanation: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    document: Any = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON; `answer` is the outcome, each witness a request."""
        found = {
            "question": self.question,
            "answer": self.outcome.value,
            "claim": self.claim,
            "statements": list(self.statements),
            "witness": [simulated(request) for request in self.witness],
            "explanation": list(self.explanation),
            "assumptions": list(self.assumptions),
        }
        return found if self.document is None else {**found, "policy": self.document}


_TYPES: Final = {
    "string": "string",
    "arn": "string",
    "ip": "ip",
    "bool": "boolean",
    "number": "numeric",
    "date": "date",
}


def simulated(request: Request) -> dict[str, Any]:
    """Return a request in the form that the IAM policy simulator takes.

    Source: IAM API Reference, SimulateCustomPolicy: ActionNames, ResourceArns, CallerArn and
    ContextEntries.
    """
    caller = {"CallerArn": request.principal} if request.principal.startswith("arn:") else {}
    return {
        "ActionNames": [request.action],
        "ResourceArns": [request.resource],
        **caller,
        "Principal": request.principal,
        "ContextEntries": [
            {
                "ContextKeyName": key,
                "ContextKeyValues": list(values),
                "ContextKeyType": _type(key, values),
            }
            for key, values in request.context.items()
        ],
    }


def _type(key: str, values: tuple[str, ...]) -> str:
    """Return a key's type as the simulator calls it, by the catalogue where that knows the key."""
    known = catalogue().key(key)
    sort = _TYPES[known.sort] if known else "string"
    many = known.many if known else len(values) > 1
    return f"{sort}List" if many else sort
