"""Service quotas, IAM Access Analyzer's analyzers and cost-allocation tags."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from lakewarden.simulate.aws.gap import GapError, Handler, Record, Request, State, found, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

_ON_DEMAND = "Running On-Demand {} instances"
_SPOT = "All {} Spot Instance Requests"
_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"

# What a new account is granted: quota code to name and value, in vCPUs unless the name says more.
_DEFAULTS: dict[str, dict[str, tuple[str, float]]] = {
    "ec2": {
        "L-1216C47A": (_ON_DEMAND.format(_STANDARD), 5.0),
        "L-DB2E81BA": (_ON_DEMAND.format("G and VT"), 0.0),
        "L-417A185B": (_ON_DEMAND.format("P"), 0.0),
        "L-7295265B": (_ON_DEMAND.format("X"), 0.0),
        "L-74FC7D96": (_ON_DEMAND.format("F"), 0.0),
        "L-1945791B": (_ON_DEMAND.format("Inf"), 0.0),
        "L-34B43A08": (_SPOT.format(_STANDARD), 5.0),
        "L-3819A6DF": (_SPOT.format("G and VT"), 0.0),
        "L-7212CCBC": (_SPOT.format("P4, P3 and P2"), 0.0),
        "L-E3A00192": (_SPOT.format("X"), 0.0),
        "L-88CF9481": (_SPOT.format("F"), 0.0),
        "L-B5D1601B": (_SPOT.format("Inf"), 0.0),
        "L-85EED4F7": (_SPOT.format("DL"), 0.0),
        "L-0263D0A3": ("EC2-VPC Elastic IPs", 5.0),
    },
    "ebs": {
        "L-D18FCD1D": ("Storage for General Purpose SSD (gp2) volumes, in TiB", 50.0),
        "L-7A658B76": ("Storage for General Purpose SSD (gp3) volumes, in TiB", 50.0),
    },
    "vpc": {
        "L-F678F1CE": ("VPCs per Region", 5.0),
        "L-0EA8095F": ("Inbound or outbound rules per security group", 60.0),
        "L-2AFB9258": ("Security groups per network interface", 5.0),
        "L-E79EC296": ("VPC security groups per Region", 2500.0),
    },
}
_SERVICE_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "ebs": "Amazon Elastic Block Store (Amazon EBS)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}


def _defaults(request: Request) -> dict[str, Record]:
    service = request.parameters["ServiceCode"]
    arn = f"arn:aws:servicequotas:{request.region}:{ACCOUNT_ID}:{service}"
    if service not in _DEFAULTS:
        raise GapError("NoSuchResourceException", f"There is no service {service}.")
    return {
        code: {
            "ServiceCode": service,
            "ServiceName": _SERVICE_NAMES[service],
            "QuotaArn": f"{arn}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }
        for code, (name, value) in _DEFAULTS[service].items()
    }


def _applied(state: State, request: Request) -> dict[str, Record]:
    granted = state.table(f"quotas/{request.parameters['ServiceCode']}", request.region)
    return {code: quota | granted.get(code, {}) for code, quota in _defaults(request).items()}


def _get_service_quota(state: State, request: Request) -> Record:
    code = request.parameters["QuotaCode"]
    return {"Quota": found(_applied(state, request), code, "NoSuchResourceException")}


def _get_default_quota(_: State, request: Request) -> Record:
    code = request.parameters["QuotaCode"]
    return {"Quota": found(_defaults(request), code, "NoSuchResourceException")}


def _list_service_quotas(state: State, request: Request) -> Record:
    return page("Quotas", list(_applied(state, request).values()), request)


def _list_default_quotas(_: State, request: Request) -> Record:
    return page("Quotas", list(_defaults(request).values()), request)


def _request_increase(state: State, request: Request) -> Record:
    """Grant an increase at once, where AWS takes a while."""
    quota = _get_service_quota(state, request)["Quota"]
    service, code = quota["ServiceCode"], quota["QuotaCode"]
    desired = request.parameters["DesiredValue"]
    state.table(f"quotas/{service}", request.region)[code] = {"Value": desired}
    requested = {
        "Id": uuid.uuid4().hex,
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": quota["QuotaName"],
        "DesiredValue": desired,
        "Status": "APPROVED",
        "Created": time.time(),
    }
    return {"RequestedQuota": requested}


def _create_analyzer(state: State, request: Request) -> Record:
    name = request.parameters["analyzerName"]
    arn = f"arn:aws:access-analyzer:{request.region}:{ACCOUNT_ID}:analyzer/{name}"
    state.table("analyzers", request.region)[name] = {
        "arn": arn,
        "name": name,
        "type": request.parameters["type"],
        "createdAt": _now(),
        "status": "ACTIVE",
    }
    return {"arn": arn}


def _list_analyzers(state: State, request: Request) -> Record:
    kind = request.parameters.get("type")
    analyzers = state.table("analyzers", request.region).values()
    return {"analyzers": [one for one in analyzers if kind in {None, one["type"]}]}


def _get_analyzer(state: State, request: Request) -> Record:
    return {"analyzer": found(state.table("analyzers", request.region), request.path[-1])}


def _list_findings(_state: State, _request: Request) -> Record:
    return {"findings": []}


def _update_cost_tags(state: State, request: Request) -> Record:
    tags = state.table("cost-tags", "global")
    for entry in request.parameters["CostAllocationTagsStatus"]:
        kind = {"Type": "UserDefined", "LastUpdatedDate": _now()}
        tags[entry["TagKey"]] = entry | kind
    return {"Errors": []}


def _list_cost_tags(state: State, request: Request) -> Record:
    wanted = request.parameters
    tags = [
        tag
        for tag in state.table("cost-tags", "global").values()
        if wanted.get("Status") in {None, tag["Status"]}
        and wanted.get("Type") in {None, tag["Type"]}
        and tag["TagKey"] in wanted.get("TagKeys", [tag["TagKey"]])
    ]
    return page("CostAllocationTags", tags, request)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


HANDLERS: dict[str, Handler] = {
    "service-quotas:GetServiceQuota": _get_service_quota,
    "service-quotas:GetAWSDefaultServiceQuota": _get_default_quota,
    "service-quotas:ListServiceQuotas": _list_service_quotas,
    "service-quotas:ListAWSDefaultServiceQuotas": _list_default_quotas,
    "service-quotas:RequestServiceQuotaIncrease": _request_increase,
    "accessanalyzer:CreateAnalyzer": _create_analyzer,
    "accessanalyzer:GetAnalyzer": _get_analyzer,
    "accessanalyzer:ListAnalyzers": _list_analyzers,
    "accessanalyzer:ListFindingsV2": _list_findings,
    "ce:UpdateCostAllocationTagsStatus": _update_cost_tags,
    "ce:ListCostAllocationTags": _list_cost_tags,
}
