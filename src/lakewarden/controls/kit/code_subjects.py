"""Code as a subject: Git folders, one by one."""

from __future__ import annotations

from typing import Final

from lakewarden.controls.kit.subjects import SubjectKind, in_workspaces
from lakewarden.estate.code import GIT_FOLDERS, GitFolder

GIT_FOLDER: Final[SubjectKind[GitFolder]] = in_workspaces(
    "Git folder", GIT_FOLDERS, lambda folder: folder.path
)
