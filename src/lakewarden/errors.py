"""Everything that can go wrong for a user, each with the next step.

LakewardenError               exit 1
├─ UsageError                 exit 2   the command line or a file given on it
│  ├─ PolicyFileError                  lakewarden.toml
│  ├─ SnapshotError                    a snapshot folder
│  ├─ StoreError                       the database of the journal
│  ├─ PlanFileError                    a plan, ours or Terraform's
│  └─ UnknownControlError              a control nobody registered
├─ VaultError                 exit 1   a backup that is damaged, or a vault that cannot be written
├─ ApplyError                 exit 1   a change that did not come out as planned
│  ├─ MovedOnError                     the deployment is no longer what was planned for
│  ├─ GuardError                       a change that would lock somebody out
│  └─ LockedError                      another run is under way
└─ ConnectionFailedError      exit 1   a host that cannot be reached or trusted
   └─ AuthenticationFailedError        a credential that was refused, or none at all
"""

from __future__ import annotations


class LakewardenError(Exception):
    """The base: what happened, where, and what to do next.

    Args:
        what: one sentence without a final full stop.
        where: file, place in it, or host; empty when there is none.
        next_step: what the reader should do now.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f". {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{step}"


class UsageError(LakewardenError):
    """The command line, or a file named on it, cannot be used."""

    exit_code = 2


class PolicyFileError(UsageError):
    """`lakewarden.toml` cannot be read or says something impossible."""


class SnapshotError(UsageError):
    """A snapshot is missing, cut, altered, or of another version."""


class StoreError(UsageError):
    """The store cannot be opened, or was made by a later version."""


class PlanFileError(UsageError):
    """A plan, ours or Terraform's, is not JSON, of another version, altered, or masked."""


class UnknownControlError(UsageError):
    """No control has the given id."""


class VaultError(LakewardenError):
    """Something of a backup is missing, cut or altered, or the vault cannot be written."""


class ApplyError(LakewardenError):
    """A change was refused, or did not come out as planned."""


class MovedOnError(ApplyError):
    """Somebody changed the deployment after the plan was made."""


class GuardError(ApplyError):
    """A change would lock somebody out who must stay in."""


class LockedError(ApplyError):
    """Another run holds the deployment."""


class ConnectionFailedError(LakewardenError):
    """A host does not answer, or its certificate is not trusted."""


class AuthenticationFailedError(ConnectionFailedError):
    """A credential is missing or was refused."""
