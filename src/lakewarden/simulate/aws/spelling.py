"""How CloudTrail spells the parameters of a call: by protocol, and EC2 in its own way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from lakewarden.simulate.aws.operations import service_model
from lakewarden.simulate.aws.wire import form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakewarden.simulate.aws.operations import Operation
    from lakewarden.simulate.aws.wire import Call

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SECRETS = re.compile(r"\w*password|secret(string|binary)|userdata", re.IGNORECASE)
_SECURE = "SecureString"

# Lists of EC2 that stand under another name, and how their plain items are named there.
_SETS = {
    "FlowLogId": ("flowLogIdSet", "flowLogId"),
    "GroupId": ("groupSet", "groupId"),
    "InstanceId": ("instancesSet", "instanceId"),
    "ResourceId": ("resourcesSet", "resourceId"),
    "SecurityGroupId": ("groupSet", "groupId"),
    "Tag": ("tagSet", ""),
    "TagSpecification": ("tagSpecificationSet", ""),
}
_TAGS = "tags"  # within a specification of tags they are a plain list

# Younger operations of EC2 are written whole, under their own name and with their own letters.
_WHOLE = re.compile(
    r"(Create|Delete|Modify)(FlowLogs|VpcEndpoints?|LaunchTemplate\w*|Fleet)"
    r"|(Create|Delete|Start|Stop)(TrafficMirror\w*|NetworkInsights\w*|TransitGateway\w*)"
)
_LAUNCH = ("imageId", "minCount", "maxCount")
_NUMBERS = frozenset({"minCount", "maxCount", "fromPort", "toPort"})


def request_parameters(call: Call, operation: Operation) -> dict[str, Any] | None:
    """Write a call's parameters as `requestParameters`; None where it has none."""
    if operation.protocol == "ec2":
        found = _of_ec2(_nested(form(call)), operation.name)
    elif operation.protocol == "query":
        found = _lowered(_nested(form(call)))
    elif operation.protocol == "rest-xml":
        found = _of_s3(call) if operation.service == "s3" else _of_path(call, operation)
        found |= _of_xml(call.body)
    else:
        found = {**_of_path(call, operation), **_of_json(call, operation)}
    return _without_secrets(found) or None


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """Turn `Tag.1.Key=a` into `{"Tag": {"1": {"Key": "a"}}}` and then numbers into lists."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        if name in {"Action", "Version"}:
            continue
        *path, last = [part for part in name.split(".") if part != "member"]
        place = tree
        for part in path:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        place[last] = value
    listed: dict[str, Any] = _with_lists(tree)
    return listed


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(item) for name, item in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _lowered(value: Any) -> Any:
    """Write every key with a small letter first."""
    if isinstance(value, dict):
        return {lower(name): _lowered(item) for name, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def lower(name: str) -> str:
    """Write a name as CloudTrail does: `RoleName` as `roleName`, `DBName` as `dBName`."""
    return name[:1].lower() + name[1:]


def _of_ec2(tree: dict[str, Any], operation: str) -> dict[str, Any]:
    if _WHOLE.fullmatch(operation):
        return {f"{operation}Request": _tagged(tree)}
    found: dict[str, Any] = {}
    for name, value in tree.items():
        listed = name in _SETS and isinstance(value, list)
        key, item_key = _SETS[name] if listed else (lower(name), "")
        found[key] = _items(value, item_key)
    if operation == "RunInstances":
        launched = {key: found.pop(key) for key in _LAUNCH if key in found}
        found["instancesSet"] = {"items": [launched]}
    counted: dict[str, Any] = _numbers(found)
    return counted


def _tagged(value: Any) -> Any:
    """Number what stands in lists; a list of one is that one."""
    if isinstance(value, dict):
        return {name: _tagged(item) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    inner = [item if isinstance(item, dict) else {"content": item} for item in map(_tagged, value)]
    numbered = [{"tag": number, **item} for number, item in enumerate(inner, 1)]
    return numbered[0] if len(numbered) == 1 else numbered


def _numbers(value: Any) -> Any:
    """Make numbers of the fields that are some; forms hold text alone."""
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: int(v) if k in _NUMBERS and v.isdigit() else _numbers(v) for k, v in value.items()}


def _items(value: Any, item_key: str = "") -> Any:
    """Write lists of EC2 as `{"items": [...]}`, at any depth."""
    if isinstance(value, dict):
        return {
            _TAGS if name == "Tag" else lower(name): (
                _lowered(item) if name == "Tag" else _items(item)
            )
            for name, item in value.items()
        }
    if isinstance(value, list):
        return {"items": [{item_key: i} if item_key else _items(i) for i in value]}
    return value


def _of_json(call: Call, operation: Operation) -> dict[str, Any]:
    """Read a JSON body; what its shape calls a map keeps its keys."""
    body = _json(call.body or b"{}")
    model = service_model(operation.service)
    known = model is not None and operation.name in model.operation_names
    shape = model.operation_model(operation.name).input_shape if model and known else None
    written = _by_shape(body, shape)
    return written if isinstance(written, dict) else {}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}


def _by_shape(value: Any, shape: Any) -> Any:
    """Write keys by a shape, as far as a body keeps to it."""
    if isinstance(value, list):
        return [_by_shape(item, getattr(shape, "member", None)) for item in value]
    if not isinstance(value, dict):
        return value
    if getattr(shape, "type_name", "") == "map":
        return {name: _by_shape(item, shape.value) for name, item in value.items()}
    members = getattr(shape, "members", {})
    return {lower(name): _by_shape(item, members.get(name)) for name, item in value.items()}


def _of_path(call: Call, operation: Operation) -> dict[str, Any]:
    """Read what a REST call's path and query hold."""
    model = service_model(operation.service)
    if model is None or operation.name not in model.operation_names:
        return {}
    template = model.operation_model(operation.name).http["requestUri"].partition("?")[0]
    pairs = zip(template.split("/"), call.path.split("/"), strict=False)
    found = {lower(t.strip("{}+")): unquote(p) for t, p in pairs if t.startswith("{")}
    return found | {lower(name): value for name, value in call.query.items() if value}


def _of_s3(call: Call) -> dict[str, Any]:
    """Write a call to S3: the bucket, the subresource, and the body under its own name."""
    found: dict[str, Any] = {"Host": call.headers.get("host", ""), **call.query}
    if bucket := call.path.strip("/").partition("/")[0]:
        found["bucketName"] = bucket
    if "policy" in call.query and call.body:
        found["bucketPolicy"] = _json(call.body)
    return found | {name: [v] for name, v in call.headers.items() if name == "x-amz-acl"}


def _of_xml(body: bytes) -> dict[str, Any]:
    try:
        root = ET.fromstring(body)  # noqa: S314 -- a client's own body, on loopback
    except ET.ParseError:
        return {}
    return {_tag(root): _element(root)}


def _element(element: ET.Element) -> Any:
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value, known = _element(child), found.get(_tag(child))
        both = [*known, value] if isinstance(known, list) else [known, value]
        found[_tag(child)] = value if known is None else both
    return found


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    secure = {"value"} if value.get("type") == _SECURE else set()
    return {
        k: _HIDDEN if k in secure or _SECRETS.fullmatch(k) else _without_secrets(v)
        for k, v in value.items()
    }
