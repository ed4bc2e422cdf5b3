"""What several controls ask of the policies of a cross-account role."""

from __future__ import annotations

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.subjects import CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, Workspace
from lakewarden.estate.rights import ROLE_POLICIES
from lakewarden.semantics.iam_documents import Statement, statements


def statements_of(role: CrossAccountRole, at: Context) -> list[Statement]:
    """Return the statements of every policy of a role, inline and attached.

    Raises:
        UnreadError: a policy was not read, or is none.
    """
    documents = at.estate.need(ROLE_POLICIES, role.arn).documents.get()
    return [s for document in documents for s in statements(document, ROLE_POLICIES)]


def users_of(role: CrossAccountRole, at: Context) -> list[Workspace]:
    """Return the workspaces for which Databricks acts by a role.

    Raises:
        UnreadError: there may be others.
    """
    found = []
    for workspace in at.estate.workspaces():
        identity = workspace.credentials_id.get()
        if identity is not None:
            arn = at.estate.need(CREDENTIALS, identity).role_arn.get()
            found += [workspace] if arn == role.arn else []
    return found
