"""Random policies, claims and requests that look like those of a Databricks deployment.

Everything is drawn from small pools on purpose: only where patterns, keys and callers meet do
policies say anything that is hard to get right.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from lakewarden.proofs.policy.scene import Claim, Layer, Part
from lakewarden.semantics.iam_documents import Document, Statement

_T = TypeVar("_T")
OWN: Final = "111122223333"
VENDOR: Final = "414351767826"
PARTNER: Final = "999988887777"
_HERE: Final = f"us-east-1:{OWN}"


@dataclass(frozen=True, slots=True)
class Field:
    """What is drawn for one service: actions, patterns of them, resources and keys."""

    actions: tuple[str, ...]
    globs: tuple[str, ...]
    resources: tuple[str, ...]
    keys: tuple[str, ...]
    whole: str = ""
    types: tuple[str, ...] = ()


FIELDS: Final = {
    "s3": Field(
        ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject", "s3:PutBucketPolicy"),
        ("s3:*", "s3:get*", "s3:*object", "s3:list?ucket", "*", "s3:put*", "s3:?etobject"),
        (
            "*", "arn:aws:s3:::root", "arn:aws:s3:::root/*", "arn:aws:s3:::root/prod/*",
            "arn:aws:s3:::ro?t/*", "arn:aws:s3:::*/prod/x", "arn:*:s3:::root*", "arn:aws:s3:::*",
            "arn:aws:s3:::root/${aws:username}/*",
            f"arn:aws:s3:{_HERE}:accesspoint/*", "arn:aws:s3:*:accesspoint/ap/object/*",
            "arn:aws:s3:::root/[a]/${*}",
        ),
        ("s3:prefix", "s3:max-keys", "s3:tlsversion", "s3:resourceaccount", "aws:resourceaccount",
         "s3:x-amz-acl", "aws:sourcearn", "aws:sourceaccount"),
        whole="s3:*",
    ),
    "kms": Field(
        ("kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:DescribeKey"),
        ("kms:*", "kms:*crypt", "kms:generatedatakey*", "*", "kms:describe*"),
        ("*", f"arn:aws:kms:{_HERE}:key/k1", f"arn:aws:kms:{_HERE}:key/*",
         f"arn:aws:kms:*:{OWN}:*", "arn:aws:kms:us-*:*:key/k?", f"arn:aws:kms:{_HERE}:alias/*"),
        ("kms:viaservice", "kms:grantisforawsresource", "kms:calleraccount", "aws:calledvia",
         "aws:resourceaccount", "aws:requestedregion"),
        whole="kms:*",
    ),
    "sts": Field(
        ("sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity",
         "sts:GetCallerIdentity"),
        ("sts:*", "sts:assumerole*", "*", "sts:assumerole", "sts:tag*"),
        ("*", f"arn:aws:iam::{OWN}:role/launcher", f"arn:aws:iam::{OWN}:role/*",
         "arn:aws:iam::*:role/*"),
        ("sts:externalid", "sts:rolesessionname", "aws:resourceaccount", "aws:tagkeys"),
    ),
    "ec2": Field(
        ("ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateVolume", "ec2:DescribeInstances"),
        ("ec2:*", "ec2:run*", "ec2:*instances", "*", "ec2:describe*"),
        ("*", f"arn:aws:ec2:{_HERE}:subnet/*", f"arn:aws:ec2:{_HERE}:image/*",
         "arn:aws:ec2:*::image/*", f"arn:aws:ec2:*:{OWN}:instance/*", f"arn:aws:ec2:{_HERE}:*",
         "arn:aws:ec2:us-*:*:subnet/subnet-1", f"arn:aws:ec2:{_HERE}:volume/*", "arn:aws:ec2:*"),
        ("ec2:vpc", "ec2:owner", "ec2:instancetype", "ec2:region", "aws:requestedregion",
         "ec2:resourcetag/vendor", "aws:resourcetag/vendor", "aws:requesttag/vendor",
         "aws:tagkeys", "ec2:createaction"),
        types=("subnet", "image", "instance", "volume"),
    ),
}  # fmt: skip

_COMMON: Final = (
    "aws:sourceip", "aws:sourceip", "aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip",
    "aws:vpceorgpaths", "aws:principaltag/databricksaccountid", "aws:principaltag/team",
    "aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:principalorgid",
    "aws:principalisawsservice", "aws:principalservicename", "aws:securetransport",
    "aws:viaawsservice", "aws:multifactorauthpresent", "aws:multifactorauthage",
    "aws:tokenissuetime", "aws:currenttime", "aws:username", "aws:userid",
)  # fmt: skip

_TEXTS: Final = {
    "aws:sourcevpce": ("vpce-1", "vpce-2", "vpce-*"),
    "aws:sourcevpc": ("vpc-1", "vpc-2"),
    "aws:vpceorgpaths": ("o-1/r-1/ou-1/*", "o-1/*", "o-2/r-2/ou-2"),
    "aws:principaltag/databricksaccountid": ("acct-1", "acct-2", "acct-?"),
    "aws:principaltag/team": ("red", "Blue", "${aws:PrincipalTag/DatabricksAccountId}"),
    "aws:principalaccount": (OWN, VENDOR, PARTNER, "4*"),
    "aws:principaltype": ("User", "AssumedRole", "Anonymous", "A*"),
    "aws:principalorgid": ("o-1", "o-2"),
    "aws:principalservicename": ("logs.amazonaws.com", "ec2.amazonaws.com"),
    "aws:username": ("ann", "b*", "${aws:PrincipalTag/team}"),
    "aws:userid": ("AIDA1", "AROA1:*", "*:s1"),
    "s3:prefix": ("", "prod/*", "home/${aws:username}/*", "${aws:username}"),
    "s3:resourceaccount": (OWN, VENDOR),
    "aws:resourceaccount": (OWN, VENDOR, "${aws:PrincipalAccount}"),
    "s3:x-amz-acl": ("private", "public-*"),
    "aws:sourceaccount": (OWN, PARTNER),
    "kms:viaservice": ("ec2.us-east-1.amazonaws.com", "ec2.*.amazonaws.com", "s3.*"),
    "kms:calleraccount": (OWN, VENDOR),
    "aws:calledvia": ("athena.amazonaws.com", "ec2*", "cloudformation.amazonaws.com"),
    "aws:requestedregion": ("us-east-1", "us-*", "eu-west-1"),
    "ec2:region": ("us-east-1", "eu-*"),
    "sts:externalid": ("acct-1", "acct-2", ""),
    "sts:rolesessionname": ("${aws:username}", "databricks*"),
    "aws:tagkeys": ("Vendor", "team", "*"),
    "ec2:owner": ("601306020600", "amazon", OWN),
    "ec2:instancetype": ("m5.*", "i3.xlarge", "*.metal"),
    "ec2:createaction": ("RunInstances", "CreateVolume"),
    "ec2:resourcetag/vendor": ("Databricks", "databricks"),
    "aws:resourcetag/vendor": ("Databricks", "${aws:PrincipalTag/team}"),
    "aws:requesttag/vendor": ("Databricks", "*"),
}
_ARNS: Final = {
    "aws:principalarn": (
        f"arn:aws:iam::{OWN}:role/admin", f"arn:aws:iam::{OWN}:role/*", f"arn:aws:iam::{OWN}:root",
        f"arn:aws:iam::{VENDOR}:role/unity", "arn:aws:iam::*:user/ann", "arn:*:*:*:*:role/a*",
        "arn:aws:iam:*",
    ),
    "aws:sourcearn": ("arn:aws:s3:::root", f"arn:aws:sns:*:{OWN}:t*", "arn:aws:sns"),
    "ec2:vpc": (f"arn:aws:ec2:{_HERE}:vpc/vpc-1", f"arn:aws:ec2:*:{OWN}:vpc/*"),
}  # fmt: skip
_NUMBERS: Final = {
    "aws:multifactorauthage": ("300", "3600", "0"),
    "s3:max-keys": ("10", "100", "10.5"),
    "s3:tlsversion": ("1.2", "1.3"),
}
_TIMES: Final = ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2027-01-01T00:00:00+02:00")
_NETWORKS: Final = ("10.0.0.0/8", "203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32")
_MANY: Final = frozenset({"aws:vpceorgpaths", "aws:calledvia", "aws:tagkeys"})
_ORDERS: Final = (
    "Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals",
)  # fmt: skip
_STRINGS: Final = (
    "StringEquals", "StringEquals", "StringNotEquals", "StringLike", "StringNotLike",
    "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
)  # fmt: skip
_CALLERS: Final = (
    ("*", "*"), ("AWS", "*"), ("AWS", OWN), ("AWS", f"arn:aws:iam::{OWN}:root"),
    ("AWS", f"arn:aws:iam::{VENDOR}:root"), ("AWS", f"arn:aws:iam::{OWN}:role/admin"),
    ("AWS", f"arn:aws:iam::{VENDOR}:role/unity"), ("AWS", f"arn:aws:iam::{PARTNER}:user/ann"),
    ("AWS", f"arn:aws:sts::{OWN}:assumed-role/admin/s1"), ("AWS", "AROAEXAMPLEID12345"),
    ("AWS", f"arn:aws:sts::{OWN}:federated-user/guest"), ("Service", "logs.amazonaws.com"),
    ("Federated", "cognito-identity.amazonaws.com"),
)  # fmt: skip


def likely(random: Random, share: float) -> bool:
    """Draw yes in so many cases."""
    return random.random() < share


def condition(random: Random, field: Field) -> tuple[str, str, tuple[str, ...]]:
    """Draw a test: operator, key in lower case, values."""
    key = random.choice((*_COMMON, *field.keys, *field.keys))
    if likely(random, 0.06):
        return "Null", key, (random.choice(("true", "false")),)
    operator, pool = _operator(random, key)
    values = tuple(random.sample(pool, min(len(pool), random.choice((1, 1, 1, 2, 3)))))
    if key in _MANY:
        prefix = random.choice(("ForAnyValue:", "ForAllValues:", "ForAnyValue:", ""))
    else:
        prefix = random.choices(("", "ForAnyValue:", "ForAllValues:"), (20, 1, 1))[0]
    suffix = "IfExists" if likely(random, 0.2) else ""
    if any("${" in value for value in values) and likely(random, 0.6):
        values = (next((v for v in pool if "${" not in v), "none"),)
    return f"{prefix}{operator}{suffix}", key, values


def _operator(random: Random, key: str) -> tuple[str, tuple[str, ...]]:
    if key in {"aws:sourceip", "aws:vpcsourceip"}:
        return random.choice(("IpAddress", "NotIpAddress")), _NETWORKS
    if key in _NUMBERS:
        return f"Numeric{random.choice(_ORDERS)}", _NUMBERS[key]
    if key in {"aws:tokenissuetime", "aws:currenttime"}:
        return f"Date{random.choice(_ORDERS)}", _TIMES
    if key in _ARNS:
        operators = ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals", "StringLike",
                     "StringNotLike", "StringEquals")  # fmt: skip
        return random.choice(operators), _ARNS[key]
    if key in _TEXTS:
        return random.choice(_STRINGS), _TEXTS[key]
    return "Bool", ("true", "false")


def statement(
    random: Random, field: Field, *, names_callers: bool, allows: bool | None = None
) -> Statement:
    """Draw a statement."""
    allows = likely(random, 0.6) if allows is None else allows
    actions = _some(random, (*(a.lower() for a in field.actions), *field.globs), 3)
    spares_actions, spares = likely(random, 0.08), likely(random, 0.12)
    resources = _some(random, field.resources, 3)
    if any("${" in one for one in resources) and likely(random, 0.6):
        resources = ("*",)
    conditions: dict[str, dict[str, tuple[str, ...]]] = {}
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        operator, key, values = condition(random, field)
        conditions.setdefault(operator, {})[key] = values
    callers = _some(random, _CALLERS, 2) if names_callers else ()
    if callers and likely(random, 0.02):
        callers = (("CanonicalUser", "79a59df900b949e5"),)
    spares_callers = names_callers and not allows and likely(random, 0.2)
    return Statement(
        allows,
        principals=() if spares_callers else callers,
        actions=() if spares_actions else actions,
        resources=() if spares else resources,
        conditions=conditions,
        negated=spares or spares_actions or spares_callers,
        spared=resources if spares else (),
        spared_actions=actions if spares_actions else (),
        spared_principals=callers if spares_callers else (),
    )


def _some(random: Random, pool: tuple[_T, ...], most: int) -> tuple[_T, ...]:
    return tuple(random.sample(pool, random.randint(1, most)))


def layer(random: Random, field: Field, place: int) -> Layer:
    """Draw a layer with one or two policies."""
    names_callers = likely(random, 0.6)
    documents = tuple(
        Document(
            tuple(
                statement(
                    random, field, names_callers=names_callers, allows=True if n == 0 else None
                )
                for n in range(random.randint(1, 4))
            ),
            has_variables=likely(random, 0.9),
        )
        for _ in range(random.choice((1, 1, 2)))
    )
    trusted = random.choice(((), (), (), (VENDOR,), ("*",)))
    endpoint = "vpce-1" if likely(random, 0.15) else ""
    refuses = likely(random, 0.08)
    members = random.choice(((), (), (), (), (OWN,)))
    return Layer(
        f"policy {place}",
        documents,
        names_callers=names_callers,
        trusted=frozenset(trusted),
        endpoint=endpoint,
        members=frozenset(members),
        refuses_only=refuses,
    )


def description(random: Random, field: Field) -> Statement:
    """Draw a description of requests."""
    conditions: dict[str, dict[str, tuple[str, ...]]] = {}
    for _ in range(random.choice((0, 1, 1, 2))):
        operator, key, values = condition(random, field)
        conditions.setdefault(operator, {})[key] = values
    resources = tuple(r for r in _some(random, field.resources, 2) if "${" not in r) or ("*",)
    spares = likely(random, 0.3) and "*" not in resources
    return Statement(
        allows=True,
        actions=("*",),
        resources=() if spares else resources,
        spared=resources if spares else (),
        negated=spares,
        conditions=conditions,
    )


def claim(random: Random) -> Claim:
    """Draw a claim."""
    name = random.choice(tuple(FIELDS))
    field = FIELDS[name]
    actions = _some(random, field.actions, 2)
    if field.whole and likely(random, 0.04):
        actions = (field.whole,)
    parts: tuple[Part, ...] = ()
    if name == "ec2" and likely(random, 0.25):
        actions = ("ec2:RunInstances",)
        kinds = random.sample(field.types, 2)
        parts = tuple(
            Part(kind, (description(random, field),) if likely(random, 0.4) else ())
            for kind in kinds
        )
    if likely(random, 0.03):
        actions = (f"{name}:",) if name != "ec2" else ("glue:",)
    every = likely(random, 0.15)
    unlike = (layer(random, field, 9),) if not every and likely(random, 0.1) else ()
    return Claim(
        actions,
        tuple(description(random, field) for _ in range(random.choice((0, 1, 1, 2)))),
        tuple(layer(random, field, place) for place in range(random.choice((1, 1, 2, 3)))),
        every=every,
        unlike=unlike,
        never=(description(random, field),) if likely(random, 0.15) else (),
        types=field.types,
        parts=parts,
        home=random.choice(("", OWN)),
    )
