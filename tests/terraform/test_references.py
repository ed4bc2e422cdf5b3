from __future__ import annotations

import pytest

from lakewarden.terraform.references import References
from lakewarden.terraform.standins import number, stand_in
from lakewarden.terraform.values import Unsaid
from terraform.plans import document, inner, read, refers, resource

NET = "databricks_mws_networks.n"


def pointed(data, address, path):
    plan = read(data)
    return References(plan).pointed_at(plan.resources[address], path)


def subnets(*references):
    return resource("databricks_mws_networks.n", expressions={"subnet_ids": refers(*references)})


A, B = resource("aws_subnet.a"), resource("aws_subnet.b")


@pytest.mark.parametrize(
    ("references", "found"),
    [
        (("aws_subnet.a.id", "aws_subnet.a"), ("aws_subnet.a",)),
        (("aws_subnet.a.id", "aws_subnet.a", "aws_subnet.b.id"), ("aws_subnet.a", "aws_subnet.b")),
        (("aws_subnet.a.cidr_block", "aws_subnet.a"), ()),
        (("aws_subnet.c.id", "aws_subnet.c"), ()),
        (("aws_subnet.a.id", "local.more"), ()),
        (("data.aws_subnet.a.id", "data.aws_subnet.a"), ()),
        (("var.subnet",), ()),
        (("module.net.ids", "module.net"), ()),
        (("each.value",), ()),
        ((), ()),
    ],
)
def test_what_an_attribute_names(references, found):
    assert pointed(document(A, B, subnets(*references)), NET, "subnet_ids") == found


def test_a_known_attribute_is_itself():
    bucket = resource("aws_s3_bucket.b", {"bucket": "lake"})
    policy = resource(
        "aws_s3_bucket_policy.p", expressions={"bucket": refers("aws_s3_bucket.b.id")}
    )
    assert pointed(document(bucket, policy), "aws_s3_bucket_policy.p", "bucket") == ("lake",)


def test_an_instance_by_its_index_and_by_the_index_of_ones_own():
    one, two = resource('aws_subnet.s["a"]'), resource('aws_subnet.s["b"]')
    fixed = subnets('aws_subnet.s["b"].id', 'aws_subnet.s["b"]', "aws_subnet.s")
    assert pointed(document(one, two, fixed), NET, "subnet_ids") == ('aws_subnet.s["b"]',)
    assert pointed(document(one, two, subnets("aws_subnet.s")), NET, "subnet_ids") == ()
    same = resource(
        'databricks_mws_networks.n["a"]',
        expressions={"subnet_ids": refers("aws_subnet.s", "each.key")},
    )
    found = pointed(document(one, two, same), f'{NET}["a"]', "subnet_ids")
    assert found == ('aws_subnet.s["a"]',)


def test_through_a_variable_and_through_an_output():
    network = resource("databricks_mws_networks.n", module="module.net")
    space = resource(
        "databricks_mws_workspaces.w",
        expressions={"network_id": refers("var.network")},
        module="module.space",
    )
    calls = {
        "net": {"module": inner(network, id="databricks_mws_networks.n.network_id")},
        "space": {
            "module": inner(space),
            "expressions": {"network": refers("module.net.id", "module.net")},
        },
    }
    data = document(network, space, calls=calls)
    found = pointed(data, "module.space.databricks_mws_workspaces.w", "network_id")
    assert found == ("module.net.databricks_mws_networks.n",)


def test_a_circle_of_modules_ends():
    inside = resource("aws_subnet.a", expressions={"vpc_id": refers("var.x")}, module="module.m")
    call = {"module": {**inner(inside), "outputs": {"o": {"expression": refers("var.x")}}}}
    calls = {"m": {**call, "expressions": {"x": refers("module.m.o")}}}
    data = document(inside, calls=calls)
    assert pointed(data, "module.m.aws_subnet.a", "vpc_id") == ()


@pytest.mark.parametrize(
    ("given", "attribute", "shape"),
    [
        (resource("aws_iam_role.r"), "arn", "arn:aws:iam::planned:role/aws_iam_role.r"),
        (resource("aws_iam_role.r", {"arn": "arn:x"}), "arn", "arn:x"),
        (resource("aws_subnet.s"), "", "aws_subnet.s"),
        (resource("aws_subnet.s"), "vpc_id", Unsaid.LATER),
        (resource("databricks_job.j"), "id", number("databricks_job.j")),
        (
            resource("databricks_mws_workspaces.w", {"workspace_id": 7}),
            "workspace_url",
            7,
        ),
    ],
)
def test_what_stands_in_for_an_identity(given, attribute, shape):
    [found] = read(document(given)).resources.values()
    assert stand_in(found, attribute) == shape


def test_numbers_that_stand_in_are_no_real_ones():
    assert number("a") < 0
    assert number("a") != number("b")
