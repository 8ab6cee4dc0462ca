"""How many points what somebody did is worth: which activities count, how they fade, and when that changes next."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from scoring.facts import Kind
from scoring.rules import ActivityRule, HalfLife, Limit, RangeRule, RecencyRule, Steps
from scoring.urls import split_url
from scoring.values import DAY, fold

NEVER = 2**63 - 1
"""Later than any instant."""


Hit = tuple[int, Kind]
"""When, and what: an activity that a rule's `on` and `where` let through. A plain tuple: millions are made."""

KeyOf = Callable[[Hit], str | int]
"""What `once_per` counts once."""


class Tally(NamedTuple):
    """Points now, the first instant after `as_of` at which they differ (NEVER: never), and the hits that count."""

    points: int
    next: int
    counted: list[Hit]


def clamp(points: int, limit: Limit | None) -> int:
    """Points cut to a limit."""
    if limit is None:
        return points
    if limit.max is not None and points > limit.max:
        return limit.max
    if limit.min is not None and points < limit.min:
        return limit.min
    return points


def round_half_away(number: float) -> int:
    """To the nearest whole number, halves away from zero; exact for the sizes that scores have."""
    whole = math.floor(abs(number) + 0.5)
    return whole if number >= 0 else -whole


Select = Callable[[list[Hit], int], list[Hit]]
Worth = Callable[[list[Hit], int], int]


def selection(rule: ActivityRule) -> Select:
    """Which hits count at an instant, oldest first."""
    within = rule.within
    plain: dict[str, Callable[[list[Hit]], list[Hit]]] = {
        "each": lambda hits: sorted(hits),
        "once": _once,
        "first": _first,
    }
    pick = plain.get(rule.count) or _once_per(key_of(rule))
    if within is None:
        return lambda hits, _as_of: pick(hits)

    def select(hits: list[Hit], as_of: int) -> list[Hit]:
        after = as_of - within
        return pick([hit for hit in hits if hit[0] > after])

    return select


def key_of(rule: ActivityRule) -> KeyOf:
    """The key of `once_per`: the folded form name (else its GUID), the decoded path, or the UTC day."""
    match rule.count:
        case "once_per_form":
            return lambda hit: _form(hit[1])
        case "once_per_path":
            return lambda hit: _path(hit[1])
        case _:
            return lambda hit: hit[0] // DAY


@lru_cache(maxsize=65_536)
def _form(kind: Kind) -> str:
    details = dict(kind.details)
    return fold(details.get("form", "")) or fold(details.get("form_id", ""))


@lru_cache(maxsize=65_536)
def _path(kind: Kind) -> str:
    url = dict(kind.details).get("url", "")
    return split_url(url).path if url.strip() else ""


def _once(hits: list[Hit]) -> list[Hit]:
    return [max(hits)] if hits else []


def _first(hits: list[Hit]) -> list[Hit]:
    return [min(hits)] if hits else []


def _once_per(key_of: KeyOf) -> Callable[[list[Hit]], list[Hit]]:
    def pick(hits: list[Hit]) -> list[Hit]:
        latest: dict[str | int, Hit] = {}
        for hit in hits:
            key = key_of(hit)
            held = latest.get(key)
            if held is None or hit > held:
                latest[key] = hit
        return sorted(latest.values())

    return pick


def worth(rule: ActivityRule) -> Worth:
    """What counted hits are worth together at an instant, after the rule's limit."""
    points, decay, limit = rule.points, rule.decay, rule.limit
    if decay is None:
        return lambda hits, _as_of: clamp(points * len(hits), limit)
    if isinstance(decay, Steps):
        lose, every = decay.lose, decay.every

        def stepped(hits: list[Hit], as_of: int) -> int:
            percent = sum(max(0, 100 - lose * ((as_of - hit[0]) // every)) for hit in hits)
            return _hundredths(points * percent, limit)

        return stepped
    half = decay.ms
    return lambda hits, as_of: _faded(fading(points, half, hits, as_of), limit)


def fading(points: int, half: int, hits: list[Hit], as_of: int) -> float:
    """The sum of halving points before any rounding."""
    return math.fsum([points * 0.5 ** ((as_of - hit[0]) / half) for hit in hits])


def _faded(total: float, limit: Limit | None) -> int:
    rounded = round(total, 6)
    if limit is not None:
        if limit.max is not None and rounded > limit.max:
            return limit.max
        if limit.min is not None and rounded < limit.min:
            return limit.min
    return round_half_away(rounded)


def _hundredths(hundredths: int, limit: Limit | None) -> int:
    whole = (abs(hundredths) + 50) // 100
    return clamp(whole if hundredths >= 0 else -whole, limit)


def tally_of(rule: ActivityRule) -> Callable[[list[Hit], int], Tally]:
    """The points of an activity rule from its hits (all of them, none later than `as_of`, in any order)."""
    select, value, change = selection(rule), worth(rule), _next_change(rule)

    def tally(hits: list[Hit], as_of: int) -> Tally:
        counted = select(hits, as_of)
        points = value(counted, as_of)
        return Tally(points, change(hits, counted, as_of, points), counted)

    return tally


def _next_change(rule: ActivityRule) -> Callable[[list[Hit], list[Hit], int, int], int]:
    select, value, within = selection(rule), worth(rule), rule.within
    fade = _fade_change(rule, value)
    if within is None and rule.decay is None:
        return lambda _hits, _counted, _as_of, _points: NEVER

    def change(hits: list[Hit], counted: list[Hit], as_of: int, points: int) -> int:
        # Between two window exits the counted hits stay the same; the oldest counted one is the first to leave.
        while counted:
            leaves = NEVER if within is None else counted[0][0] + within
            crossing = fade(counted, as_of, leaves, points)
            if crossing < leaves:
                return crossing
            if leaves == NEVER:
                return NEVER
            as_of, counted = leaves, select(hits, leaves)
            if value(counted, as_of) != points:
                return as_of
        return NEVER

    return change


def _fade_change(rule: ActivityRule, value: Worth) -> Callable[[list[Hit], int, int, int], int]:
    """When fading alone changes the points of these hits, if before `until`; else NEVER."""
    decay, points = rule.decay, rule.points
    if isinstance(decay, HalfLife):
        half = decay.ms
        return lambda hits, as_of, until, now: _crossing(points, half, value, hits, as_of, until, now)
    if isinstance(decay, Steps):
        steps = decay
        return lambda hits, as_of, until, now: _step(steps, value, hits, as_of, until, now)
    return lambda _hits, _as_of, _until, _now: NEVER


def _crossing(points: int, half: int, value: Worth, hits: list[Hit], as_of: int, until: int, now: int) -> int:
    if now == 0:
        return NEVER
    total = abs(fading(points, half, hits, as_of))
    wait = math.ceil(half * math.log2(total / (abs(now) - 0.5 - 5e-7)))
    at = as_of + max(1, wait)
    if at > until + 1000:
        return NEVER
    while value(hits, at) == now:
        at += 1
    while at - 1 > as_of and value(hits, at - 1) != now:
        at -= 1
    return at if at < until else NEVER


def _step(decay: Steps, value: Worth, hits: list[Hit], as_of: int, until: int, now: int) -> int:
    lose, every = decay.lose, decay.every
    at = as_of
    while True:
        steps = [(start, (at - start) // every) for start, _kind in hits]
        at = min((start + (done + 1) * every for start, done in steps if lose * done < 100), default=NEVER)
        if at >= until:
            return NEVER
        if value(hits, at) != now:
            return at


def recency_of(rule: RecencyRule) -> tuple[tuple[int, ...], Callable[[int], bool]]:
    """The ages at which a recency rule can change, and whether it holds at an age."""
    op, low, high = rule.age
    if op == "within":
        return (low,), lambda age: age < low
    if op == "older_than":
        return (low,), lambda age: age >= low
    end = low if high is None else high
    return (low, end), lambda age: low <= age < end


def counted_range(rule: RangeRule) -> Callable[[list[Hit], int], Tally]:
    """The points of a range rule over the number of hits in its window."""
    within, limit = rule.within, rule.limit

    def points_of(count: int) -> int:
        for one in rule.ranges:
            if (one.low is None or count >= one.low) and (one.high is None or count <= one.high):
                return clamp(one.points, limit)
        return 0

    def tally(hits: list[Hit], as_of: int) -> Tally:
        if within is None:
            return Tally(points_of(len(hits)), NEVER, sorted(hits))
        counted = sorted(hit for hit in hits if hit[0] > as_of - within)
        points, left = points_of(len(counted)), len(counted)
        for index, hit in enumerate(counted):
            last_of_its_instant = index + 1 == left or counted[index + 1][0] != hit[0]
            if last_of_its_instant and points_of(left - index - 1) != points:
                return Tally(points, hit[0] + within, counted)
        return Tally(points, NEVER, counted)

    return tally
