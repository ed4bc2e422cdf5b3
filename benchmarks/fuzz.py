"""Random requests, put to the engine and to the concrete evaluator: the same answer from both.

A request is drawn beside random policies. The engine is asked for a request that is just like it:
every key that the policies ask for has its value, or is missing. If the evaluator admits the
request, the engine must refute that none is admitted; if not, it must prove it. What nobody can
say may be unknown.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from random import Random

from benchmarks.policies import OWN, PARTNER, VENDOR, claim, likely
from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle.use import canonical, has_many
from lakewarden.proofs.policy.evaluate import UncertainError, confirms
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Request, keys_of, that
from lakewarden.semantics.iam_documents import Statement

_CALLERS = (
    f"arn:aws:iam::{OWN}:root",
    f"arn:aws:iam::{OWN}:role/admin",
    f"arn:aws:iam::{OWN}:role/team/admin",
    f"arn:aws:iam::{VENDOR}:role/unity",
    f"arn:aws:iam::{VENDOR}:root",
    f"arn:aws:iam::{PARTNER}:user/ann",
    f"arn:aws:iam::{OWN}:user/staff/ben",
    f"arn:aws:sts::{OWN}:federated-user/guest",
)
_RESOURCES = {
    "s3": {
        "object": ("arn:aws:s3:::root/prod/x", "arn:aws:s3:::root/a", "arn:aws:s3:::other/prod/x"),
        "bucket": ("arn:aws:s3:::root", "arn:aws:s3:::other"),
    },
    "kms": {
        "key": (
            f"arn:aws:kms:us-east-1:{OWN}:key/k1",
            f"arn:aws:kms:eu-west-1:{PARTNER}:key/k22",
        ),
    },
    "sts": {
        "role": (f"arn:aws:iam::{OWN}:role/launcher", f"arn:aws:iam::{PARTNER}:role/a/b"),
    },
    "ec2": {
        "subnet": (
            f"arn:aws:ec2:us-east-1:{OWN}:subnet/subnet-1",
            f"arn:aws:ec2:us-west-2:{PARTNER}:subnet/subnet-1",
        ),
        "image": ("arn:aws:ec2:us-east-1::image/ami-1", "arn:aws:ec2:eu-west-1::image/ami-1"),
        "instance": (f"arn:aws:ec2:us-east-1:{OWN}:instance/i-1",),
        "volume": (f"arn:aws:ec2:us-east-1:{OWN}:volume/vol-1",),
    },
}
_VALUES = {
    "ip": ("10.1.2.3", "203.0.113.7", "2001:db8::1", "8.8.8.8"),
    "number": ("1", "300", "1.2", "3600"),
    "date": ("2025-12-31T23:59:59Z", "2026-06-01T12:00:00Z", "2026-12-31T23:00:00Z"),
    "bool": ("true", "false"),
}
_WORDS = (
    "red", "Databricks", "acct-1", "o-1", "o-1/r-1/ou-1/x", "us-east-1",
    "ec2.us-east-1.amazonaws.com",
    "athena.amazonaws.com", "prod/x", "", OWN, VENDOR, f"arn:aws:ec2:us-east-1:{OWN}:vpc/vpc-1",
    "arn:aws:s3:::root", "vpce-1", "vpc-1", "ann", "private", "Vendor",
)  # fmt: skip
_SHAPES = {
    "aws:sourcevpce": ("vpce-1", "vpce-9"),
    "aws:sourcevpc": ("vpc-1", "vpc-9"),
    "aws:resourceaccount": (OWN, VENDOR),
    "aws:sourceaccount": (OWN,),
    "aws:requestedregion": ("us-east-1", "eu-west-1"),
    "ec2:owner": ("601306020600", "amazon"),
    "ec2:vpc": (f"arn:aws:ec2:us-east-1:{OWN}:vpc/vpc-1", f"arn:aws:ec2:us-east-1:{OWN}:vpc/vpc-9"),
}
_OF_CALLER = frozenset({
    "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice",
    "aws:principalservicename", "aws:username",
})  # fmt: skip
_THROUGH = ("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip")
_BEHIND = frozenset({*_THROUGH, "aws:sourcevpcarn", "aws:vpceorgpaths", "aws:vpceorgid"})


def request(random: Random, asked: Claim) -> tuple[Request, str] | None:
    """Draw a request that AWS may see for a claim's policies, and its type of resource.

    Returns:
        None where the claim's actions act on no resource that is drawn here.
    """
    action = random.choice(asked.actions)
    service = action.partition(":")[0]
    known = catalogue().action(action)
    kinds = [t.type for t in known.resources] if known else []
    drawn = [kind for kind in kinds if kind in _RESOURCES.get(service, {})]
    if not drawn or action.startswith("sts:AssumeRoleWith"):
        return None
    kind = random.choice(drawn)
    resource = random.choice(_RESOURCES[service][kind])
    caller = random.choice(_CALLERS)
    context = _context(random, asked, action, resource, caller)
    context |= _required(random, action, kind)
    return Request(action, resource, caller, "s1", context), kind


def _required(random: Random, action: str, kind: str) -> dict[str, tuple[str, ...]]:
    if not action.startswith("ec2:"):
        return {}
    key = {"subnet": "ec2:vpc", "image": "ec2:owner"}.get(kind, "")
    if not key or catalogue().carries(action, key) is False:
        return {}
    return {key: (random.choice(_SHAPES[key]),)}


def _context(
    random: Random, asked: Claim, action: str, resource: str, caller: str
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    through = likely(random, 0.4)  # so many come through an endpoint
    for key in sorted({canonical(one) for one in keys_of(_statements(asked))}):
        if key in _OF_CALLER or not _carried(action, key):
            continue
        values = _value(random, key)
        if values and (key not in _BEHIND or through) and not (key == "aws:sourceip" and through):
            found[key] = values
    found |= _way(random, through=through) | _of_resource(resource)
    found["aws:viaawsservice"] = (random.choice(("true", "false")),)
    found["aws:securetransport"] = (random.choice(("true", "false")),)
    _tidied(random, found, caller)
    return found | _caller(caller)


def _carried(action: str, key: str) -> bool:
    service = action.partition(":")[0]
    names = {key, key.replace("aws:resourcetag/", f"{service}:resourcetag/")}
    return any(catalogue().carries(action, name) is not False for name in names)


def _value(random: Random, key: str) -> tuple[str, ...]:
    known = catalogue().key(key)
    always = known is not None and known.always
    if not always and likely(random, 0.3):  # so many keys are missing
        return ()
    pool = _SHAPES.get(key) or _VALUES.get(known.sort if known else "", _WORDS)
    return tuple(sorted(random.sample(pool, random.randint(1, 2) if has_many(key) else 1)))


def _way(random: Random, *, through: bool) -> dict[str, tuple[str, ...]]:
    if not through:
        return {"aws:sourceip": (random.choice(_VALUES["ip"]),)}
    return {
        "aws:sourcevpc": (random.choice(_SHAPES["aws:sourcevpc"]),),
        "aws:sourcevpce": (random.choice(_SHAPES["aws:sourcevpce"]),),
        "aws:vpcsourceip": (random.choice(_VALUES["ip"]),),
    }


def _of_resource(resource: str) -> dict[str, tuple[str, ...]]:
    fields = resource.split(":")
    places = {"aws:requestedregion": fields[3], "aws:resourceaccount": fields[4]}
    return {key: (value,) for key, value in places.items() if value}


def _tidied(random: Random, found: dict[str, tuple[str, ...]], caller: str) -> None:
    """Take away what contradicts the rest."""
    found.setdefault("aws:requestedregion", ("us-east-1",))
    found.setdefault("aws:resourceaccount", (OWN,))
    if found["aws:viaawsservice"] == ("false",):
        for key in ("kms:viaservice", "aws:calledvia"):
            found.pop(key, None)
    for key in ("aws:sourcearn", "aws:sourceaccount"):
        found.pop(key, None)
    person = caller.split(":")[5].partition("/")[0]
    if person in {"role", "federated-user"}:
        found.setdefault("aws:tokenissuetime", (random.choice(_VALUES["date"]),))
    if person == "federated-user":
        for key in ("aws:multifactorauthpresent", "aws:multifactorauthage"):
            found.pop(key, None)


def _caller(word: str) -> dict[str, tuple[str, ...]]:
    fields = word.split(":")
    kind, _, name = fields[5].partition("/")
    types = {"root": "Account", "role": "AssumedRole", "user": "User"}
    named = {"aws:username": (name.rpartition("/")[2],)} if kind == "user" else {}
    return {
        "aws:principalarn": (word,),
        "aws:principalaccount": (fields[4],),
        "aws:principaltype": (types.get(kind, "FederatedUser"),),
        "aws:principalisawsservice": ("false",),
        **named,
    }


def _statements(asked: Claim) -> list[Statement]:
    layers = (*asked.layers, *asked.unlike)
    inner = [s for layer in layers for d in layer.documents for s in d.statements]
    return [*inner, *asked.where, *asked.never]


def pinned(asked: Claim, one: Request, kind: str) -> Claim:
    """Return the claim that a request, and no other, is not admitted."""
    tests = [that(resources=(one.resource,))]
    for key, values in one.context.items():
        if not has_many(key):
            tests.append(that(_equal(key, values[0])))
            continue
        tests.append(that(("ForAllValues:StringEquals", key, values)))
        tests += [that(("ForAnyValue:StringEquals", key, (value,))) for value in values]
    asked_for = {canonical(key) for key in keys_of(_statements(asked))} - one.context.keys()
    missing = sorted(asked_for | (_BEHIND - one.context.keys()))
    tests += [that(("Null", key, ("true",))) for key in missing]
    return Claim((one.action,), tuple(tests), asked.layers, types=(kind,))


def _equal(key: str, value: str) -> tuple[str, str, tuple[str, ...]]:
    known = catalogue().key(key)
    sort = known.sort if known else "string"
    operator = {
        "ip": "IpAddress", "number": "NumericEquals", "date": "DateEquals", "bool": "Bool",
    }.get(sort, "StringEquals")  # fmt: skip
    return operator, key, (value,)


def standing(seed: int) -> str:
    """Return how engine and evaluator stand to each other on a random request."""
    random = Random(seed)  # noqa: S311  # seeded, to be drawn again
    asked = claim(random)
    drawn = request(random, asked)
    if drawn is None:
        return "not drawn"
    one, kind = drawn
    alone = pinned(asked, one, kind)
    proof = prove(alone)
    try:
        # No condition tells sessions of a role apart: any that is admitted will do.
        admitted = [any(confirms(alone, (replace(one, session=n),)) for n in ("s1", "s2"))]
    except UncertainError:
        admitted = []
    if proof.outcome is Outcome.UNKNOWN:
        return "unknown"
    if not admitted:
        return "unknown"
    if admitted[0] is (proof.outcome is Outcome.REFUTED):
        return "agreed"
    return f"{proof.outcome.value}, and the evaluator says {admitted[0]}"


def survives(seed: int, tries: int = 20) -> bool:
    """Return whether no random request contradicts what the engine proves of a random claim."""
    random = Random(seed)  # noqa: S311  # seeded, to be drawn again
    asked = claim(random)
    proof = prove(asked)
    if proof.outcome is Outcome.REFUTED:
        return confirms(asked, proof.witness)
    if proof.outcome is Outcome.UNKNOWN or asked.parts:
        return True
    return not any(_contradicted(random, asked) for _ in range(tries))


def _contradicted(random: Random, asked: Claim) -> bool:
    drawn = request(random, asked)
    if drawn is None or (asked.types and drawn[1] not in asked.types):
        return False
    try:
        return confirms(asked, (drawn[0],))
    except UncertainError:
        return False


def main(count: int, first: int) -> bool:
    """Run; return whether anything is wrong."""
    found: Counter[str] = Counter()
    seeds, few = range(first, first + count), range(first, first + count // 20)
    with ProcessPoolExecutor() as pool:
        for seed, said in zip(seeds, pool.map(standing, seeds, chunksize=100), strict=True):
            found[said] += 1
            if said not in {"agreed", "unknown", "not drawn"}:
                print(f"  seed {seed}: {said}", flush=True)
        held = pool.map(survives, few, chunksize=20)
        fallen = [seed for seed, holds in zip(few, held, strict=True) if not holds]
    for seed in fallen:
        print(f"  seed {seed}: a random request contradicts what is proved, or a witness is none")
    for said, number in found.most_common():
        print(f"{said:36} {number:6,} {number / max(count, 1):7.1%}")
    return bool(found.keys() - {"agreed", "unknown", "not drawn"} or fallen)
