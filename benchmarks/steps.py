"""The steps of a mutation, each a call that an administrator, or an attacker, could make.

A step has `on` and what is done there. `on` is a workspace's name or `account`: `call` is a method
and a path, `body` its JSON, `as` who signs in for it instead of the scanner. `on = "aws"`: `call`
is a method of a boto3 client, `s3.put_bucket_versioning`, and `body` its arguments; `remember`
names parts of the answer, which later steps write `${made.name}`. `on = "document"` edits a policy
document, see `benchmarks.documents`. `on = "events"`: `event`, `by`, `from`, `at` and `params` are
one more line of the audit log. `on = "policy-file"`: `replace` is a text of the policy file and
`with` what stands there afterwards. `${kind.name}` stands for an id, `{account}` for the account's.
"""

from __future__ import annotations

import functools
import json
import operator
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.documents import edit
from benchmarks.running import Running
from lakewarden.clients.aws import AwsAccount

_REFERENCE: Final = re.compile(r"\$\{([^}]+)\}")
_AGO: Final = re.compile(r"-(\d+)([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}


def take(world: Running, steps: Iterable[Mapping[str, Any]]) -> None:
    """Take steps in a served world, one after another.

    Raises:
        RuntimeError: a call was refused.
    """
    known: dict[str, Any] = dict(world.world.references)
    for number, entry in enumerate(steps):
        step = _resolved(known, entry)
        if step["on"] == "aws":
            known |= _aws(step)
        elif step["on"] == "document":
            edit(step)
        elif step["on"] == "events":
            _event(world, step, number)
        elif step["on"] == "policy-file":
            _policy_file(world, step)
        else:
            _databricks(world, step)


def _resolved(known: Mapping[str, Any], value: Any) -> Any:
    """Return a value with the ids that its references stand for."""
    if isinstance(value, Mapping):
        return {_resolved(known, k): _resolved(known, v) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolved(known, entry) for entry in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return known[whole[1]]
    return _REFERENCE.sub(lambda m: str(known[m[1]]), value)


def _workspaces(world: Running) -> dict[str, int]:
    return {w.name: w.id for w in world.world.account.workspaces.values()}


def _databricks(world: Running, step: Mapping[str, Any]) -> None:
    served = world.world
    host = served.account_host
    if step["on"] != "account":
        host = served.workspace_urls[_workspaces(world)[step["on"]]]
    method, _, path = step["call"].replace("{account}", served.account_id).partition(" ")
    token = served.sign_in(step["as"]) if "as" in step else served.token
    headers, body = {"Authorization": f"Bearer {token}"}, step.get("body")
    if "rule_set" in (body or {}):
        # Whoever replaces a rule set must show the etag of what is there.
        kept = httpx.get(host + path, params={"name": body["name"]}, headers=headers).json()
        body = {**body, "rule_set": {**body["rule_set"], "etag": kept["etag"]}}
    answer = httpx.request(method, host + path, json=body, headers=headers)
    if answer.status_code == httpx.codes.CONFLICT and "setting" in (body or {}):
        # Whoever changes a typed setting must show the etag of what is there.
        etag = answer.json()["details"][0]["metadata"]["etag"]
        body = {**body, "setting": {**body["setting"], "etag": etag}}
        answer = httpx.request(method, host + path, json=body, headers=headers)
    if answer.is_error:
        raise RuntimeError(f"{step['call']}: {answer.status_code} {answer.text}")


def _aws(step: Mapping[str, Any]) -> dict[str, Any]:
    """Call AWS; return what is to be remembered of its answer."""
    service, _, operation = step["call"].partition(".")
    client = AwsAccount().client(service, step.get("region", "us-east-1"))
    answer = getattr(client, operation)(**step.get("body", {}))
    return {
        f"made.{name}": functools.reduce(operator.getitem, path.split("."), answer)
        for name, path in step.get("remember", {}).items()
    }


def _event(world: Running, step: Mapping[str, Any], number: int) -> None:
    """Append an event to the delivered logs, in a file of its own as a later delivery would be."""
    workspace = _workspaces(world)[step["workspace"]] if "workspace" in step else 0
    moment = _moment(step.get("at", "-1h"))
    service, _, action = step["event"].partition(".")
    event = {
        "version": "2.0",
        "timestamp": int(moment * 1000),
        "workspaceId": str(workspace),
        "sourceIPAddress": step.get("from", "203.0.113.20"),
        "userAgent": step.get("agent", "Mozilla/5.0"),
        "sessionId": None,
        "userIdentity": {"email": step["by"], "subjectName": None},
        "serviceName": service,
        "actionName": action,
        "requestId": f"mutation-{number}",
        "requestParams": step.get("params", {}),
        "response": {"statusCode": step.get("status", 200), "errorMessage": None, "result": None},
        "auditLevel": "WORKSPACE_LEVEL" if workspace else "ACCOUNT_LEVEL",
        "accountId": world.world.account_id,
    }
    date = datetime.fromtimestamp(moment, UTC).date().isoformat()
    folder = Path(os.environ["LAKEWARDEN_EVENTS"]) / f"workspaceId={workspace}" / f"date={date}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"auditlogs_mutation{number}.json").write_text(json.dumps(event) + "\n", "utf-8")


def _moment(ago: str) -> float:
    found = _AGO.fullmatch(ago)
    if found is None:
        raise ValueError(f"{ago!r} is not like -1h")
    return time.time() - int(found[1]) * _SECONDS[found[2]]


def _policy_file(world: Running, step: Mapping[str, Any]) -> None:
    file = Path(os.environ["LAKEWARDEN_POLICY_FILE"])
    text = file.read_text("utf-8")
    if step["replace"] not in text:
        raise RuntimeError(f"the policy file says nothing like {step['replace']!r}")
    new = Path(tempfile.mkdtemp(prefix="lakewarden-mutation-")) / file.name
    new.write_text(text.replace(step["replace"], step["with"]), "utf-8")
    os.environ["LAKEWARDEN_POLICY_FILE"] = str(new)
    world.reload()
