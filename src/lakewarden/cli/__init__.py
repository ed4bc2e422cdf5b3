"""The front door: one file a command, loaded when it is called."""

from __future__ import annotations

import errno
import logging
import os
import sys

import click

from lakewarden import __version__
from lakewarden.cli.lazy import LazyGroup
from lakewarden.errors import LakewardenError

_COMMANDS = {
    "apply": "Carry out a plan, or take up a run that stopped.",
    "assess": "Judge a deployment, or a snapshot of one, against the paper.",
    "backup": "Read a workspace into a vault, so that it can be made again.",
    "collect": "Read a deployment into a snapshot.",
    "controls": "List the controls.",
    "demo": "Assess a simulated deployment on this machine.",
    "deploy": "Write an Asset Bundle that assesses and watches from within Databricks.",
    "diff": "Show what changed between two snapshots.",
    "doctor": "Show what the caller may read, and what is missing.",
    "drill": "Restore a backup into an empty workspace, and compare.",
    "explain": "Explain one control in full.",
    "hunt": "Look for secrets in code, settings, backups and Git history.",
    "failover": "Let a standby take over, or go back.",
    "impact": "Show whom a plan would have refused, from recorded events.",
    "plan": "Plan the changes that would mend what fails.",
    "prove": "Prove or refute what policies allow and where data can go.",
    "restore": "Give a backup back, to its workspace or to another one.",
    "runs": "List the runs of the journal.",
    "simulate": "Serve a simulated deployment in the foreground.",
    "sync": "Bring a standby to what the newest complete backup has.",
    "terraform": "Write Terraform for a plan, or for the deployment as it stands.",
    "tokens": "List every personal access token and OAuth secret.",
    "undo": "Take back what a run changed.",
    "vault": "List the runs of a vault, and say which of them stay.",
    "verify": "Check that a backup is whole.",
    "watch": "Read logs into event tables, and find what is wrong in them.",
}
_INTERRUPTED = 130
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@click.group(cls=LazyGroup, commands_help=_COMMANDS, context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="lakewarden")
def cli() -> None:
    """Judge a Databricks deployment on AWS against the security whitepaper.

    Exit codes: 0 clean, 1 error, 2 wrong usage, 3 failed controls, 4 incomplete.
    """


def main() -> None:
    """Run the command line and exit with its code."""
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = cli(standalone_mode=False) or 0
    except LakewardenError as error:
        code = _complain(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        code = _complain(error.format_message(), error.exit_code, prefix="")
    except click.ClickException as error:
        code = _complain(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # the last line: nobody should meet a traceback
        if os.environ.get("LAKEWARDEN_DEBUG"):
            raise
        code = _complain(_said(error), 1)
    sys.exit(code)


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = error.filename or "standard output, or a temporary file"
        return f"{where}: cannot be written ({error.strerror}). Check the room on the disk"
    return f"internal error: {type(error).__name__}. Set LAKEWARDEN_DEBUG=1 and report the trace"


def _complain(message: str, code: int, prefix: str = "error: ") -> int:
    click.echo(f"{prefix}{message}", err=True)
    return code
