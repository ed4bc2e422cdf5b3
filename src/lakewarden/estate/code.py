"""The code that compute runs and where it comes from: libraries, init scripts, Git folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "workspace admin"


@dataclass(frozen=True, slots=True)
class Package:
    """A Python or R package; `repo` is the index it comes from, empty for the default one."""

    package: str
    repo: str = ""


@dataclass(frozen=True, slots=True)
class MavenPackage:
    """A Java package; `repo` is the repository it comes from, empty for the default ones."""

    coordinates: str
    repo: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """What is installed: one of the fields is set, the last four as paths or URLs."""

    pypi: Package | None = None
    cran: Package | None = None
    maven: MavenPackage | None = None
    jar: str = ""
    whl: str = ""
    egg: str = ""
    requirements: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the addresses that it names: repositories, paths."""
        repositories = [part.repo for part in (self.pypi, self.cran, self.maven) if part]
        places = (*repositories, self.jar, self.whl, self.egg, self.requirements)
        return tuple(place for place in places if place)


@dataclass(frozen=True, slots=True)
class InstalledLibrary:
    """A library with the state of its installation, which nothing is concluded from."""

    library: Library


@record
class ClusterLibraries(Record):
    """What is installed on one cluster. Logins within the URLs of repositories are not kept."""

    cluster_id: str = key("cluster_id")
    libraries: Fact[tuple[InstalledLibrary, ...]] = fact("library_statuses")


@dataclass(frozen=True, slots=True)
class Matcher:
    """What an allow list lets through: everything that begins with `artifact`."""

    artifact: str
    match_type: str = ""


@record
class ArtifactAllowList(Record):
    """What clusters in standard access mode may load, of one type; the metastore holds it."""

    name: str = key("name")
    matchers: Fact[tuple[Matcher, ...]] = fact("artifact_matchers")


@record
class GitFolder(Record):
    """A Git folder: a clone of a repository inside the workspace."""

    id: int = key("id")
    path: Fact[str] = fact("path")
    url: Fact[str] = fact("url")


CLUSTER_LIBRARIES: Final = Kind(
    "cluster_libraries",
    ClusterLibraries,
    Scope.WORKSPACE,
    "GET /api/2.0/libraries/all-cluster-statuses",
    _ADMIN,
)
ARTIFACT_ALLOW_LISTS: Final = Kind(
    "artifact_allow_lists",
    ArtifactAllowList,
    Scope.WORKSPACE,
    "GET /api/2.1/unity-catalog/artifact-allowlists/{key}",
    "MANAGE ALLOWLIST on the metastore",
    keyed=True,
)
GIT_FOLDERS: Final = Kind("git_folders", GitFolder, Scope.WORKSPACE, "GET /api/2.0/repos", _ADMIN)
