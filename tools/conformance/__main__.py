"""`python -m tools.conformance`: every check, each honest about what it could not run."""

from __future__ import annotations

import sys

from tools.conformance import (
    bundle,
    databricks_cli,
    greenfield,
    terraform_aws,
    terraform_written,
)


def main() -> int:
    """Run all checks; return 1 when any failed, 0 otherwise."""
    checks = databricks_cli, bundle, terraform_aws, terraform_written, greenfield
    return max(check.main() for check in checks)


sys.exit(main())
