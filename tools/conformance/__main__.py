"""`python -m tools.conformance`: every check, each honest about what it could not run."""

from __future__ import annotations

import sys

from tools.conformance import databricks_cli, terraform_aws, terraform_written


def main() -> int:
    """Run all checks; return 1 when any failed, 0 otherwise."""
    return max(databricks_cli.main(), terraform_aws.main(), terraform_written.main())


sys.exit(main())
