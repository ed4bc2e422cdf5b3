"""AWS: the caller can take a policy back, for every request that they could make."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from guards.plans import ME, asked, change
from lakewarden.estate.given import given, refused
from lakewarden.guards.aws import GUARD

OWN = "arn:aws:iam::111122223333"
ROLE = f"{OWN}:role/team/ops"
SESSION = "arn:aws:sts::111122223333:assumed-role/ops/ann"
KEY = "arn:aws:kms:us-east-1:111122223333:key/0b7e"
AS_ROLE = replace(ME, aws_arn=ROLE)
BUCKET = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


def policy(*statements):
    whole = [{"Effect": "Allow", "Resource": "*", **one} for one in statements]
    return {"Version": "2012-10-17", "Statement": whole}


def paths(document):
    return None if document is None else {f"/{name}": part for name, part in document.items()}


def changed(kind, key, before, after):
    return change(kind, key, paths(before), paths(after), scope="aws")


def refusals(*changes, caller=AS_ROLE, snapshot=None):
    return [r.why for r in GUARD.refuse(asked(snapshot or given(), *changes, caller=caller))]


def fence(**spared):
    """Deny everything from elsewhere but to those who are spared."""
    return policy(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": BUCKET,
            "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}, **spared},
        }
    )


def test_a_bucket_policy_spares_its_author():
    shut = changed("bucket_policy", "b", None, fence())
    (why,) = refusals(shut)
    assert why.startswith("you could not take it back")
    spared = fence(ArnNotEquals={"aws:PrincipalArn": ROLE})
    assert not refusals(changed("bucket_policy", "b", None, spared))
    other = fence(ArnNotEquals={"aws:PrincipalArn": f"{OWN}:role/other"})
    assert refusals(changed("bucket_policy", "b", None, other))
    assert not refusals(changed("bucket_policy", "b", fence(), None)), "without a policy all may"


def test_the_network_of_the_author_is_as_good_as_a_name():
    office = {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}}
    assert not refusals(changed("bucket_policy", "b", None, fence(**office)))
    afar = replace(AS_ROLE, addresses=("203.0.113.9",))
    assert refusals(changed("bucket_policy", "b", None, fence(**office)), caller=afar)
    somewhere = replace(AS_ROLE, addresses=())
    assert refusals(changed("bucket_policy", "b", None, fence(**office)), caller=somewhere)


def test_a_session_stands_for_a_role_of_any_path():
    session = replace(ME, aws_arn=SESSION)
    spared = fence(ArnNotLike={"aws:PrincipalArn": f"{OWN}:role/*ops"})
    assert not refusals(changed("bucket_policy", "b", None, spared), caller=session)
    exact = fence(ArnNotEquals={"aws:PrincipalArn": f"{OWN}:role/ops"})
    assert refusals(changed("bucket_policy", "b", None, exact), caller=session)


def test_a_part_of_a_policy_is_read_with_the_rest():
    part = change(
        "bucket_policy", "b", {"/Statement": []}, {"/Statement": fence()["Statement"]}, scope="aws"
    )
    text = {"bucket": "b", "Policy": json.dumps({**policy(), "Statement": []})}
    assert refusals(part, snapshot=given(bucket_policy=[text]))
    harmless = replace(part, after={"/Statement": []})
    assert not refusals(harmless, snapshot=given(bucket_policy=[text]))
    (why,) = refusals(harmless, snapshot=given(bucket_policy=refused()))
    assert why.startswith("nobody can tell")


@pytest.mark.parametrize(
    ("principal", "kept"),
    [(f"{OWN}:root", True), (ROLE, True), (f"{OWN}:role/other", False), ("999900001111", False)],
)
def test_a_key_policy_lets_its_author_mend_it(principal, kept):
    after = policy({"Principal": {"AWS": principal}, "Action": "kms:*"})
    assert bool(refusals(changed("kms_key_policy", KEY, policy(), after))) is not kept
    state = change(
        "kms_key_state", KEY, {"/KeyState": "Enabled"}, {"/KeyState": "Disabled"}, scope="aws"
    )
    keys = given(key_policies=[{"arn": KEY, "Policy": json.dumps(after)}])
    assert bool(refusals(state, snapshot=keys)) is not kept


def test_who_is_not_known_is_refused():
    for arn in ("", "ann"):
        nobody = replace(ME, aws_arn=arn)
        (why,) = refusals(changed("bucket_policy", "b", None, fence()), caller=nobody)
        assert "sts:GetCallerIdentity" in why
    odd = changed("bucket_policy", "b", None, {"Version": "2012-10-17", "Statement": "all"})
    assert "cannot be read" in refusals(odd)[0]


ALL = policy({"Action": "*"})
READS = policy({"Action": "s3:GetObject"})
MINE = policy({"Action": ["iam:GetRolePolicy", "iam:*RolePolicy"], "Resource": ROLE})
NEVER = policy({"Effect": "Deny", "Action": "iam:Put*"})


def role_estate(*documents, bound=None, trust=None):
    bounds = {"arn": ROLE, "MaxSessionDuration": 3600}
    if bound:
        bounds |= {"boundary": f"{OWN}:policy/b", "document": json.dumps(bound)}
    return given(
        role_policies=[{"arn": ROLE, "documents": [json.dumps(d) for d in documents]}],
        role_bounds=[bounds],
        roles=[{"arn": ROLE, "trust": json.dumps(trust or policy())}],
    )


@pytest.mark.parametrize(
    ("documents", "before", "after", "kept"),
    [
        ((ALL,), ALL, MINE, True),
        ((ALL,), ALL, READS, False),
        ((ALL, READS), READS, None, True),
        ((ALL, READS), ALL, None, False),
        ((ALL,), None, NEVER, False),
        ((ALL,), None, READS, True),
    ],
)
def test_the_own_role_can_change_its_policies_back(documents, before, after, kept):
    one = changed("role_policy", "ops/inline", before, after)
    assert bool(refusals(one, snapshot=role_estate(*documents))) is not kept


def test_what_bounds_the_own_role_counts_too():
    one = changed("role_policy", "ops/inline", None, READS)
    assert refusals(one, snapshot=role_estate(ALL, bound=READS))
    assert not refusals(one, snapshot=role_estate(ALL, bound=ALL))


def test_another_role_is_nobodys_lock_and_an_unread_one_is():
    foreign = changed("role_policy", "other/inline", ALL, READS)
    assert not refusals(foreign)
    own = changed("role_policy", "ops/inline", ALL, READS)
    assert "nobody can tell" in refusals(own)[0]
    moved = refusals(own, snapshot=role_estate(MINE))
    assert "no policy of the role is as ops/inline was" in moved[0]
    assert refusals(own, snapshot=role_estate(READS)), "what is done already is judged as well"
    person = replace(ME, aws_arn=f"{OWN}:user/ops")
    assert not refusals(own, caller=person)


def test_whoever_could_become_the_own_role_still_can():
    both = {"AWS": [f"{OWN}:root", "arn:aws:iam::444455556666:role/ci"]}
    wide = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": both, "Action": "sts:AssumeRole"}],
    }
    narrow = json.loads(json.dumps(wide))
    narrow["Statement"][0]["Principal"] = {"AWS": f"{OWN}:root"}
    less = changed("role_trust", "ops", wide, narrow)
    assert refusals(less, snapshot=role_estate(trust=wide))
    more = changed("role_trust", "ops", narrow, wide)
    assert not refusals(more, snapshot=role_estate(trust=narrow))
    assert not refusals(changed("role_trust", "other", wide, narrow))
    factor = json.loads(json.dumps(wide))
    factor["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert refusals(changed("role_trust", "ops", wide, factor), snapshot=role_estate(trust=wide))
