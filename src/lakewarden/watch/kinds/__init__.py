"""How events are put together: one file a kind, each a function from a rule to the SQL of its hits.

`m` is there for each of them: the events that the rule looks at, with `k`, whose they are. What it
returns selects from it: every event that takes part in a hit, and in `hit_at` the time of the hit.
"""
