"""Questions about the cross-account role: where it starts machines, which, and what else it may do.

A machine is started by one request for several resources, every one of which has to be allowed, in
one region. Subnets, security groups and images may belong to other accounts.
Source: Service Authorization Reference, Amazon EC2; whitepaper, section on the cross-account role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.facts.effects import STARTS
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, Part, that
from lakewarden.proofs.policy.statements import concerns
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.bucket import ORGANISATION
from lakewarden.proofs.questions.describe import by, organisation
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_PARTS: Final = ("image", "instance", "network-interface", "security-group", "subnet", "volume")
_LEFT_OUT: Final = frozenset({"subnet", "security-group", "volume"})
"""What a start need not name: defaults take its place, and an image may have no disks."""
_DEFAULTS: Final = "a spot request or fleet without a subnet is decided by the one that AWS picks"
_HARMS: Final = {
    "ec2:TerminateInstances": "instance",
    "ec2:DetachVolume": "volume",
    "ec2:AttachVolume": "volume",
    "ec2:DeleteVolume": "volume",
    "ec2:AssociateIamInstanceProfile": "instance",
    "ec2:ReplaceIamInstanceProfileAssociation": "instance",
    "ec2:DisassociateIamInstanceProfile": "instance",
}
"""What the documented policies tie to Databricks' tag, with what it is done to."""
_TAG: Final = "aws:ResourceTag/Vendor"
_VENDOR: Final = ("Databricks",)

ROLE: Final = Argument("role", "the ARN of the role", required=True)
_SHARED: Final = (
    Argument("policy", "every policy of the role", required=True, policy=True),
    ROLE,
    Argument("boundary", "the permissions boundary of the role", policy=True),
    Argument("session", "session policies", policy=True),
    *ORGANISATION,
)


def account_of(role: str) -> str:
    """Return the account in a role's ARN."""
    fields = role.split(":")
    return fields[4] if len(fields) > 4 else ""  # noqa: PLR2004  # arn:partition:iam::account:role


def layers_of(given: Given) -> tuple[Layer, ...]:
    """Return what decides on a request of the role: all layers have to allow it."""
    found = [Layer("role policy", given.documents())]
    for name, title in (("boundary", "permissions boundary"), ("session", "session policy")):
        if given.documents(name):
            found.append(Layer(title, given.documents(name)))
    return (*found, *organisation(given, account_of(given.one("role"))))


def starting(
    given: Given,
    action: str,
    where: Iterable[tuple[str, Statement]],
    *,
    every: bool = False,
    without: frozenset[str] = frozenset(),
) -> Claim | None:
    """Return the claim about starting machines by an action.

    Args:
        given: the policies of the role.
        action: one of `STARTS`.
        where: descriptions, each of a type of resource that takes part.
        every: every such start is admitted; else none is.
        without: types of resources that the request does not name.

    Returns:
        None when the action knows none of the types that are described.
    """
    known = catalogue().action(action)
    taken = {taken.type: taken.required for taken in known.resources} if known else {}
    described: dict[str, tuple[Statement, ...]] = {}
    for name, statement in where:
        if name in taken:
            described[name] = (*described.get(name, ()), statement)
    if not described:
        return None
    types = [name for name in taken if (taken[name] or name in _PARTS) and name not in without]
    parts = tuple(Part(name, described.get(name, ())) for name in types)
    role = given.one("role")
    return Claim(
        (action,),
        (by(role),),
        layers_of(given),
        every=every,
        parts=parts,
        home=account_of(role),
        assumptions=() if every else (_DEFAULTS,),
    )


def _starts(
    name: str, sentence: str, given: Given, full: tuple[str, Statement], bare: tuple[str, Statement]
) -> Answer:
    """Answer about starts that name everything, and about those that leave out what they can.

    Args:
        name: the question.
        sentence: what is claimed.
        given: the policies of the role.
        full: what is described of a start that names a subnet, a security group and disks.
        bare: what is described of one that leaves them to the defaults of the account.
    """
    claims = [starting(given, action, (full,)) for action in STARTS]
    claims.append(starting(given, STARTS[0], (bare,), without=_LEFT_OUT))
    return answered(name, sentence, [claim for claim in claims if claim is not None])


def _launch_only_in(given: Given) -> Answer:
    account = given.one("account")
    arns = tuple(
        f"arn:{given.partition}:ec2:{region}:{account}:vpc/{vpc}"
        for region in given.many("region")
        for vpc in given.many("vpcs")
    )
    elsewhere = that(("ArnNotLike", "ec2:Vpc", arns))
    full, bare = ("subnet", elsewhere), ("network-interface", elsewhere)
    return _starts("xacct.launch_only_in", _PLACE, given, full, bare)


def _place(given: Given) -> str:
    """Return how the ARNs of what lies in the workspace's region and account begin."""
    return f"arn:{given.partition}:ec2:{given.one('region')}:{given.one('account')}"


def _only_databricks_amis(given: Given) -> Answer:
    foreign = that(("StringNotEquals", "ec2:Owner", given.many("owners")))
    return _starts(
        "xacct.only_databricks_amis", _IMAGES, given, ("image", foreign), ("image", foreign)
    )


def _only_databricks_tagged(given: Given) -> Answer:
    """Ask whether things without the tag can be harmed, at once or by putting the tag on first."""
    name, role = "xacct.only_databricks_tagged", by(given.one("role"))
    untagged = that(("StringNotEquals", _TAG, _VENDOR))
    layers = layers_of(given)
    direct = [
        Claim((action,), (role, untagged), layers, types=(type_,))
        for action, type_ in _HARMS.items()
    ]
    answer = answered(name, _TAGGED, direct)
    if answer.outcome is not Outcome.PROVED:
        return answer
    for action, type_ in _HARMS.items():
        found = _after_tagging(action, type_, given)
        if found is not None:
            return replace(found, question=name, claim=_TAGGED)
    return answer


def _after_tagging(action: str, type_: str, given: Given) -> Answer | None:
    """Return how an action is done to what somebody else's was until it was tagged."""
    role, layers = by(given.one("role")), layers_of(given)
    tags = that(
        ("StringEquals", "aws:RequestTag/Vendor", _VENDOR),
        ("StringNotEquals", _TAG, _VENDOR),
        ("Null", "ec2:CreateAction", ("true",)),
    )
    tagged = that(("StringEquals", _TAG, _VENDOR))
    then = prove(Claim((action,), (role, tagged), layers, types=(type_,)))
    if then.outcome is Outcome.PROVED:
        return None
    marked = (role, tags, *_where(action, given))
    first = prove(Claim(("ec2:CreateTags",), marked, layers, types=(type_,)))
    if first.outcome is Outcome.PROVED:
        return None
    if then.witness:
        same = that(resources=(then.witness[0].resource,))
        first = prove(Claim(("ec2:CreateTags",), (*marked, same), layers, types=(type_,)))
    if first.outcome is not Outcome.REFUTED or not then.witness:
        doubt = f"no {type_} was found that can be tagged first and met by {action} then"
        return Answer("", Outcome.UNKNOWN, "", explanation=(doubt, *first.reasons, *then.reasons))
    lines = (
        f"first the role puts the tag Vendor=Databricks on a foreign {type_}",
        f"then {action} is allowed on it, as the tag is all that is asked for",
    )
    return Answer("", Outcome.REFUTED, "", (), (*first.witness, *then.witness), lines)


def _where(action: str, given: Given) -> tuple[Statement, ...]:
    """Return the description of what an action is allowed on, as far as patterns say it."""
    allows = [
        s for d in given.documents() for s in d.statements if s.allows and concerns(s, action)
    ]
    if any(s.spared for s in allows):
        return ()
    return (that(resources=tuple(r for s in allows for r in s.resources)),)


def _passes_only(given: Given) -> Answer:
    roles = given.many("roles")
    others = that(spared=roles) if roles else that()
    claim = Claim(("iam:PassRole",), (by(given.one("role")), others), layers_of(given))
    return answered("xacct.cannot_pass_roles_except", _PASSES, [claim])


def _still_works(given: Given) -> Answer:
    return answered("xacct.databricks_still_works", _WORKS, tuple(_needs(given)))


def _needs(given: Given) -> Iterator[Claim]:
    """Yield that machines start where they should, carry the tag, and are stopped and changed."""
    region, account = given.one("region"), given.one("account")
    vpc = that(
        (
            "ArnEquals",
            "ec2:Vpc",
            (f"arn:{given.partition}:ec2:{region}:{account}:vpc/{given.one('vpc')}",),
        )
    )
    here = that(resources=(f"arn:{given.partition}:ec2:{region}:{account}:*",))
    made = that(("StringEquals", "aws:RequestTag/Vendor", _VENDOR))
    image = (
        that(resources=(f"arn:{given.partition}:ec2:{region}::image/*",)),
        that(("StringEquals", "ec2:Owner", given.many("owners"))),
    )
    network = ("subnet", "security-group", "network-interface")
    where = [(name, test) for name in network for test in (here, vpc)]
    where += [(name, test) for name in ("instance", "volume") for test in (here, made)]
    where += [("image", test) for test in image]
    claim = starting(given, STARTS[0], where, every=True)
    if claim is not None:
        yield claim
    tagged = (by(given.one("role")), here, that(("StringEquals", _TAG, _VENDOR)))
    for action in ("ec2:TerminateInstances", "ec2:AttachVolume", "ec2:DetachVolume"):
        yield Claim((action,), tagged, layers_of(given), every=True, types=("instance", "volume"))
    looks = tuple(a.name for a in catalogue().actions("ec2").values() if a.name in _LOOKS)
    seen = (by(given.one("role")), that(("StringEquals", "aws:RequestedRegion", (region,))))
    yield Claim(looks, seen, layers_of(given), every=True)


_LOOKS: Final = frozenset(
    f"ec2:Describe{what}"
    for what in (
        "AvailabilityZones",
        "Instances",
        "InstanceStatus",
        "SecurityGroups",
        "SpotInstanceRequests",
        "Subnets",
        "Volumes",
        "Vpcs",
    )
)
"""What Databricks looks at to run clusters."""
_PLACE: Final = "The role starts machines in the VPCs alone"
_IMAGES: Final = "The role starts machines from images of the owners alone"
_TAGGED: Final = "The role harms nothing that it did not start itself"
_PASSES: Final = "The role passes no roles but these to machines"
_WORKS: Final = "Databricks can start, change and stop the machines of its clusters by the role"

_WHERE: Final = (
    Argument("region", "the AWS region of the workspace", required=True),
    Argument("account", "the AWS account of the workspace", required=True),
)
_OWNERS: Final = Argument("owners", "the accounts whose images may be started", required=True)

QUESTIONS: Final = (
    Question(
        "xacct.launch_only_in",
        _PLACE,
        (*_SHARED, *_WHERE, Argument("vpcs", "the VPCs of the workspaces", required=True)),
        _launch_only_in,
        ("P28",),
    ),
    Question(
        "xacct.only_databricks_amis", _IMAGES, (*_SHARED, _OWNERS), _only_databricks_amis, ("P28",)
    ),
    Question("xacct.only_databricks_tagged", _TAGGED, _SHARED, _only_databricks_tagged, ("P28",)),
    Question(
        "xacct.cannot_pass_roles_except",
        _PASSES,
        (*_SHARED, Argument("roles", "the ARNs of roles that may be passed; none when left out")),
        _passes_only,
        ("P28",),
    ),
    Question(
        "xacct.databricks_still_works",
        _WORKS,
        (*_SHARED, *_WHERE, Argument("vpc", "the workspace's VPC", required=True), _OWNERS),
        _still_works,
        ("P28",),
    ),
)
