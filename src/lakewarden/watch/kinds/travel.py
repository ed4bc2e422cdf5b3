"""`travel`: farther from the last place than anybody gets in the time between."""

from __future__ import annotations

from typing import Final

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form
from lakewarden.watch.rule import Rule

_DIAMETER: Final = 12_742
"""Of the Earth, in km."""
_HOUR: Final = 3_600_000


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events too far from the one before, and the one before."""
    site = setting.site
    window = rule.duration("window", site)
    last = "OVER (PARTITION BY account_id, k ORDER BY ts, id)"
    columns = ("ts", "lat", "lon", "radius_km")
    lagged = ", ".join(f"LAG({name}) {last} AS prior_{name}" for name in columns)
    moved = f"SELECT *, {lagged} FROM m"
    far = f"SELECT *, ({_distance()}) - radius_km - prior_radius_km AS km FROM ({moved}) AS moved"
    elapsed = "(ts - prior_ts)"
    too_fast = (
        f"{elapsed} <= {window} AND km >= {rule.number('min_km', site)} "
        f"AND km * {_HOUR} > {elapsed} * {rule.number('max_kmh', site)}"
    )
    told = f"SELECT *, CASE WHEN {too_fast} THEN ts END AS hit FROM ({far}) AS far"
    paired = f"SELECT *, COALESCE(hit, LEAD(hit) {last}) AS hit_at FROM ({told}) AS told"
    return Form(
        f"SELECT * FROM ({paired}) AS paired WHERE hit_at IS NOT NULL",
        extra={name: f"places.{name}" for name in ("lat", "lon", "radius_km")},
        where="places.lat IS NOT NULL",
        back=2 * window,
        ahead=2 * window,
        places=True,
        fades=True,
    )


def _distance() -> str:
    """Return the great-circle distance in km, by the haversine formula."""
    half_lat = "SIN(RADIANS(lat - prior_lat) / 2)"
    half_lon = "SIN(RADIANS(lon - prior_lon) / 2)"
    flat = "COS(RADIANS(lat)) * COS(RADIANS(prior_lat))"
    chord = f"{half_lat} * {half_lat} + {flat} * {half_lon} * {half_lon}"
    return f"{_DIAMETER} * ASIN(SQRT(LEAST(1.0, {chord})))"
