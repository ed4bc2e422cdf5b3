"""Edits of policy documents where they are: read through AWS, changed in one place, put back.

A step of a mutation with `on = "document"` names the document by `of`: `bucket NAME`, `key ID`,
`endpoint ID`, `trust ROLE`, or `role ROLE/POLICY`. Then it says one thing to do: `drop` takes
a statement out, `change` takes the elements `without` out of one and lays `with` over it, `split`
makes a statement of each of its conditions, and `add` appends one. Statements go by their `Sid`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lakewarden.clients.aws import AwsAccount

Table = dict[str, Any]


def edit(step: Mapping[str, Any]) -> None:
    """Take one such step.

    Raises:
        KeyError: there is no such document, statement or thing to do.
        botocore.exceptions.ClientError: AWS refuses.
    """
    kind, _, name = step["of"].partition(" ")
    read, write = _DOCUMENTS[kind]
    document = _loaded(read(name))
    document["Statement"] = edited(document["Statement"], step)
    write(name, json.dumps(document))


def edited(statements: list[Table], step: Mapping[str, Any]) -> list[Table]:
    """Return statements after an edit.

    Raises:
        KeyError: no statement goes by the name, or the step says nothing to do.
    """
    if "add" in step:
        return [*statements, step["add"]]
    done, name = next((verb, step[verb]) for verb in ("drop", "change", "split") if verb in step)
    if name not in {statement.get("Sid") for statement in statements}:
        raise KeyError(name)
    new = []
    for statement in statements:
        if statement.get("Sid") != name:
            new.append(statement)
        elif done == "change":
            kept = {k: v for k, v in statement.items() if k not in step.get("without", ())}
            new.append(_laid_over(kept, step.get("with", {})))
        elif done == "split":
            new += _split(statement)
    return new


def _laid_over(below: Table, above: Table) -> Table:
    """Return a table with another's values in place of its own, in tables within it too."""
    both = {
        key: _laid_over(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return below | above | both


def _split(statement: Table) -> list[Table]:
    """Return a statement for each operator of its condition."""
    return [
        statement | {"Sid": f"{statement['Sid']}{number}", "Condition": {operator: tested}}
        for number, (operator, tested) in enumerate(statement["Condition"].items())
    ]


def _loaded(document: str | Table) -> Table:
    """Return a document; boto3 has read those of roles already."""
    return json.loads(document) if isinstance(document, str) else document


def _aws(service: str) -> Any:
    return AwsAccount().client(service, "us-east-1")


def _endpoint(name: str) -> str:
    found = _aws("ec2").describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"]
    return str(found[0]["PolicyDocument"])


def _role_policy(name: str) -> str | Table:
    role, _, policy = name.partition("/")
    found: Table = _aws("iam").get_role_policy(RoleName=role, PolicyName=policy)
    return found["PolicyDocument"]


def _put_role_policy(name: str, text: str) -> None:
    role, _, policy = name.partition("/")
    _aws("iam").put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)


_DOCUMENTS: dict[str, tuple[Callable[[str], str | Table], Callable[[str, str], Any]]] = {
    "bucket": (
        lambda name: _aws("s3").get_bucket_policy(Bucket=name)["Policy"],
        lambda name, text: _aws("s3").put_bucket_policy(Bucket=name, Policy=text),
    ),
    "key": (
        lambda name: _aws("kms").get_key_policy(KeyId=name, PolicyName="default")["Policy"],
        lambda name, text: _aws("kms").put_key_policy(
            KeyId=name, PolicyName="default", Policy=text
        ),
    ),
    "endpoint": (
        _endpoint,
        lambda name, text: _aws("ec2").modify_vpc_endpoint(VpcEndpointId=name, PolicyDocument=text),
    ),
    "trust": (
        lambda name: _aws("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"],
        lambda name, text: _aws("iam").update_assume_role_policy(
            RoleName=name, PolicyDocument=text
        ),
    ),
    "role": (_role_policy, _put_role_policy),
}
