"""Clusters, the policies that bind them, jobs, and the machines they run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "workspace admin"


@record
class ClusterSpec(Record):
    """What a cluster is made of: one that exists, or one that a job or a pipeline will make."""

    access_mode: Fact[str | None] = fact("data_security_mode", absent=None)
    single_user: Fact[str | None] = fact("single_user_name", absent=None)
    node_type: Fact[str | None] = fact("node_type_id", absent=None)
    driver_node_type: Fact[str | None] = fact("driver_node_type_id", absent=None)
    pool_id: Fact[str | None] = fact("instance_pool_id", absent=None)
    driver_pool_id: Fact[str | None] = fact("driver_instance_pool_id", absent=None)
    encrypts_disks: Fact[bool] = fact("enable_local_disk_encryption", absent=False)
    runtime: Fact[str | None] = fact("spark_version", absent=None)
    spark_conf: Fact[Mapping[str, str]] = fact("spark_conf", absent={})
    spark_env: Fact[Mapping[str, str]] = fact("spark_env_vars", absent={})
    policy_id: Fact[str | None] = fact("policy_id", absent=None)
    init_scripts: Fact[tuple[Mapping[str, Any], ...]] = fact("init_scripts", absent=())
    profile: Fact[str | None] = fact("aws_attributes.instance_profile_arn", absent=None)
    image: Fact[str | None] = fact("docker_image.url", absent=None)


@record
class Cluster(ClusterSpec):
    """A cluster that somebody made by hand or by API."""

    id: str = key("cluster_id")
    name: Fact[str] = fact("cluster_name")
    origin: Fact[str] = fact("cluster_source")
    creator: Fact[str | None] = fact("creator_user_name", absent=None)
    node_type: Fact[str | None] = fact("node_type_id")
    driver_node_type: Fact[str | None] = fact("driver_node_type_id")
    runtime: Fact[str | None] = fact("spark_version")
    idle_minutes: Fact[int] = fact("autotermination_minutes")
    state: Fact[str] = fact("state")
    started: Fact[int | None] = fact("start_time", absent=None)
    restarted: Fact[int | None] = fact("last_restarted_time", absent=None, volatile=True)
    tags: Fact[Mapping[str, str]] = fact("custom_tags", absent={})


@record
class ClusterPolicy(Record):
    """A cluster policy. `definition` is the JSON text as stored."""

    id: str = key("policy_id")
    name: Fact[str] = fact("name")
    definition: Fact[str | None] = fact("definition", absent=None)
    family_id: Fact[str | None] = fact("policy_family_id", absent=None)
    overrides: Fact[str | None] = fact("policy_family_definition_overrides", absent=None)
    max_clusters_per_user: Fact[int | None] = fact("max_clusters_per_user", absent=None)
    is_default: Fact[bool] = fact("is_default", absent=False)


@record
class PolicyFamily(Record):
    """A policy template of the platform. `definition` is JSON text that policies inherit."""

    id: str = key("policy_family_id")
    definition: Fact[str] = fact("definition")


@dataclass(frozen=True, slots=True)
class RunAs:
    """The identity that a job runs as; one of the names is set."""

    user_name: str = ""
    service_principal_name: str = ""
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class GitSource:
    """The repository that a job's code is taken from at each run; one of the last three is set."""

    git_url: str
    git_tag: str = ""
    git_commit: str = ""
    git_branch: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The tool that deployed a job, such as BUNDLE."""

    kind: str


@dataclass(frozen=True, slots=True)
class TaskCode:
    """Where the code of a task lies: a path, and GIT or WORKSPACE."""

    notebook_path: str = ""
    python_file: str = ""
    source: str = ""

    @property
    def path(self) -> str:
        """Return the path, whatever the kind of task."""
        return self.notebook_path or self.python_file


@dataclass(frozen=True, slots=True)
class JobTask:
    """A task of a job; tasks of other kinds than these two have no code of their own here."""

    notebook_task: TaskCode | None = None
    spark_python_task: TaskCode | None = None

    @property
    def code(self) -> TaskCode | None:
        """Return where its code lies, None where the task names none."""
        return self.notebook_task or self.spark_python_task


@record
class Job(Record):
    """A job."""

    id: int = key("job_id")
    name: Fact[str] = fact("settings.name", absent="")
    creator: Fact[str | None] = fact("creator_user_name", absent=None)
    run_as_name: Fact[str | None] = fact("run_as_user_name", absent=None)
    run_as: Fact[RunAs | None] = fact("settings.run_as", absent=None)
    schedule: Fact[Mapping[str, Any] | None] = fact("settings.schedule", absent=None)
    tags: Fact[Mapping[str, str]] = fact("settings.tags", absent={})
    git: Fact[GitSource | None] = fact("settings.git_source", absent=None)
    deployment: Fact[Deployment | None] = fact("settings.deployment", absent=None)
    edit_mode: Fact[str | None] = fact("settings.edit_mode", absent=None)
    tasks: Fact[tuple[JobTask, ...]] = fact("settings.tasks")
    more_tasks: Fact[bool] = fact("has_more", absent=False)


@record
class NodeType(Record):
    """A kind of machine, as Databricks describes it. NVMe disks are not among its `disks`."""

    id: str = key("node_type_id")
    category: Fact[str] = fact("category")
    cores: Fact[float] = fact("num_cores")
    memory_mb: Fact[int] = fact("memory_mb")
    gpus: Fact[int] = fact("num_gpus", absent=0)
    on_arm: Fact[bool] = fact("is_graviton", absent=False)
    retired: Fact[bool] = fact("is_deprecated", absent=False)
    nvme_disks: Fact[int] = fact("node_instance_type.local_nvme_disks", absent=0)
    disks: Fact[int] = fact("node_instance_type.local_disks")
    encrypted_in_transit: Fact[bool] = fact("is_encrypted_in_transit")


@record
class InstanceType(Record):
    """A kind of machine, as AWS describes it. Bare metal has no hypervisor."""

    id: str = key("InstanceType")
    hypervisor: Fact[str | None] = fact("Hypervisor", absent=None)
    bare_metal: Fact[bool] = fact("BareMetal")
    encrypts_traffic: Fact[bool] = fact("NetworkInfo.EncryptionInTransitSupported")


CLUSTERS: Final = Kind("clusters", Cluster, Scope.WORKSPACE, "GET /api/2.1/clusters/list", _ADMIN)
CLUSTER_POLICIES: Final = Kind(
    "cluster_policies",
    ClusterPolicy,
    Scope.WORKSPACE,
    "GET /api/2.0/policies/clusters/list",
    _ADMIN,
)
POLICY_FAMILIES: Final = Kind(
    "policy_families",
    PolicyFamily,
    Scope.WORKSPACE,
    "GET /api/2.0/policy-families",
    "workspace access",
)
JOBS: Final = Kind("jobs", Job, Scope.WORKSPACE, "GET /api/2.2/jobs/list", _ADMIN)
NODE_TYPES: Final = Kind(
    "node_types",
    NodeType,
    Scope.WORKSPACE,
    "GET /api/2.1/clusters/list-node-types",
    "workspace access",
)
INSTANCE_TYPES: Final = Kind(
    "instance_types",
    InstanceType,
    Scope.AWS,
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstanceTypes",
    after=("node_types",),
)
