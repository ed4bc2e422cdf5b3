"""A pretend AWS account over HTTP: moto, and what moto lacks, behind one endpoint.

`start` serves an empty account; `seed` builds a world in it through the public API.
"""

from lakewarden.simulate.aws.seed import seed
from lakewarden.simulate.aws.server import AwsServer, start

__all__ = ["AwsServer", "seed", "start"]
