"""Code as a subject: global init scripts and Git folders, one by one."""

from __future__ import annotations

from typing import Final

from lakewarden.controls.kit.subjects import SubjectKind, in_workspaces
from lakewarden.estate.code import GIT_FOLDERS, GLOBAL_INIT_SCRIPTS, GitFolder, GlobalInitScript

GLOBAL_SCRIPT: Final[SubjectKind[GlobalInitScript]] = in_workspaces(
    "init script", GLOBAL_INIT_SCRIPTS, lambda script: script.name
)
GIT_FOLDER: Final[SubjectKind[GitFolder]] = in_workspaces(
    "Git folder", GIT_FOLDERS, lambda folder: folder.path
)
