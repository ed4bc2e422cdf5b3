"""The kinds of a drawn workspace, in the order in which they refer to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lakewarden.simulate.generated import compute, people, sql, tree, unity, work
from lakewarden.simulate.generated.draw import Draw


@dataclass(frozen=True)
class Family:
    """What makes one object of a kind, the kind's share of all, and how many there are at most."""

    make: Callable[[Draw, int], None]
    weight: int
    most: int = 1_000_000


FAMILIES = (
    Family(people.user, 30, 250),
    Family(people.service_principal, 6, 40),
    Family(people.group, 10, 60),
    Family(unity.metastore, 0, 1),
    Family(unity.switch, 0, 1),
    Family(unity.ip_list, 1, 20),
    Family(unity.scope, 12, 400),
    Family(compute.profile, 2, 40),
    Family(compute.pool, 6, 100),
    Family(compute.policy, 15),
    Family(tree.folder, 80),
    Family(tree.notebook, 450),
    Family(tree.file, 90),
    Family(tree.library, 1, 20),
    Family(tree.repo, 8),
    Family(compute.init_script, 3, 30),
    Family(compute.warehouse, 5, 100),
    Family(compute.cluster, 25),
    Family(sql.destination, 4, 60),
    Family(sql.query, 50),
    Family(sql.legacy_alert, 5),
    Family(sql.alert, 12),
    Family(sql.dashboard, 22),
    Family(work.pipeline, 14),
    Family(work.experiment, 18),
    Family(work.model, 12),
    Family(work.endpoint, 5),
    Family(unity.credential, 2, 40),
    Family(unity.location, 2, 40),
    Family(unity.catalog, 3, 40),
    Family(unity.schema, 12, 400),
    Family(work.job, 96),
)
