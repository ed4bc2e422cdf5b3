"""Service quotas, IAM Access Analyzer's analyzers and cost-allocation tags."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from lakewarden.simulate.aws.gap import GapError, Handler, Record, Request, State, found, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

_ON_DEMAND = "Running On-Demand {} instances"
_SPOT = "All {} Spot Instance Requests"
_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"


@dataclass(frozen=True, slots=True)
class _Quota:
    """A quota of a new account; `usage_class` is its class among the vCPU usage metrics."""

    name: str
    value: float
    usage_class: str | None = None


_DEFAULTS = {
    "ec2": {
        "L-1216C47A": _Quota(_ON_DEMAND.format(_STANDARD), 5, "Standard/OnDemand"),
        "L-DB2E81BA": _Quota(_ON_DEMAND.format("G and VT"), 0, "G/OnDemand"),
        "L-417A185B": _Quota(_ON_DEMAND.format("P"), 0, "P/OnDemand"),
        "L-7295265B": _Quota(_ON_DEMAND.format("X"), 0, "X/OnDemand"),
        "L-74FC7D96": _Quota(_ON_DEMAND.format("F"), 0, "F/OnDemand"),
        "L-1945791B": _Quota(_ON_DEMAND.format("Inf"), 0, "Inf/OnDemand"),
        "L-34B43A08": _Quota(_SPOT.format(_STANDARD), 5, "Standard/Spot"),
        "L-3819A6DF": _Quota(_SPOT.format("G and VT"), 0, "G/Spot"),
        "L-7212CCBC": _Quota(_SPOT.format("P4, P3 and P2"), 0, "P/Spot"),
        "L-E3A00192": _Quota(_SPOT.format("X"), 0, "X/Spot"),
        "L-88CF9481": _Quota(_SPOT.format("F"), 0, "F/Spot"),
        "L-B5D1601B": _Quota(_SPOT.format("Inf"), 0, "Inf/Spot"),
        "L-85EED4F7": _Quota(_SPOT.format("DL"), 0, "DL/Spot"),
        "L-0263D0A3": _Quota("EC2-VPC Elastic IPs", 5),
    },
    "ebs": {
        "L-D18FCD1D": _Quota("Storage for General Purpose SSD (gp2) volumes, in TiB", 50),
        "L-7A658B76": _Quota("Storage for General Purpose SSD (gp3) volumes, in TiB", 50),
    },
    "vpc": {
        "L-F678F1CE": _Quota("VPCs per Region", 5),
        "L-0EA8095F": _Quota("Inbound or outbound rules per security group", 60),
        "L-2AFB9258": _Quota("Security groups per network interface", 5),
        "L-E79EC296": _Quota("VPC security groups per Region", 2500),
    },
}
_SERVICE_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "ebs": "Amazon Elastic Block Store (Amazon EBS)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}


def _defaults(request: Request) -> dict[str, Record]:
    service = request.parameters["ServiceCode"]
    if service not in _DEFAULTS:
        raise GapError("NoSuchResourceException", f"There is no service {service}.")
    return {
        code: _described(service, code, quota, request.region)
        for code, quota in _DEFAULTS[service].items()
    }


def _described(service: str, code: str, quota: _Quota, region: str) -> Record:
    record = {
        "ServiceCode": service,
        "ServiceName": _SERVICE_NAMES[service],
        "QuotaArn": f"arn:aws:servicequotas:{region}:{ACCOUNT_ID}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": quota.name,
        "Value": quota.value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }
    if quota.usage_class is not None:
        record["UsageMetric"] = {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": usage_dimensions(quota.usage_class),
            "MetricStatisticRecommendation": "Maximum",
        }
    return record


def usage_dimensions(usage_class: str) -> dict[str, str]:
    """Return the dimensions of the metric that counts a class of vCPUs in use."""
    return {"Class": usage_class, "Resource": "vCPU", "Service": "EC2", "Type": "Resource"}


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
    desired = float(request.parameters["DesiredValue"])  # as AWS answers, also to whole numbers
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
    state.table("quota-requests", request.region)[requested["Id"]] = requested
    return {"RequestedQuota": requested}


def _get_requested_change(state: State, request: Request) -> Record:
    requests, wanted = state.table("quota-requests", request.region), request.parameters
    return {"RequestedQuota": found(requests, wanted["RequestId"], "NoSuchResourceException")}


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
    "service-quotas:GetRequestedServiceQuotaChange": _get_requested_change,
    "accessanalyzer:CreateAnalyzer": _create_analyzer,
    "accessanalyzer:GetAnalyzer": _get_analyzer,
    "accessanalyzer:ListAnalyzers": _list_analyzers,
    "accessanalyzer:ListFindingsV2": _list_findings,
    "ce:UpdateCostAllocationTagsStatus": _update_cost_tags,
    "ce:ListCostAllocationTags": _list_cost_tags,
}
