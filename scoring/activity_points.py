"""How many points what somebody did is worth: which activities count, how they fade, and when that changes next."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from scoring.facts import Kind
from scoring.rules import ActivityRule, Limit, RangeRule, RecencyRule, Steps
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


Pick = Callable[[list[Hit]], list[Hit]]


class _Decay(NamedTuple):
    """How counted hits are worth points: `sum_up` them at an instant, and `whole`: that sum with the rule's limit, as
    points. Apart, because the sum also tells when the points change: `change` is the first instant before `until` at
    which fading alone does it, given the hits, now, until, the points and the sum; else NEVER."""

    sum_up: Callable[[list[Hit], int], float]
    whole: Callable[[float], int]
    change: Callable[[list[Hit], int, int, int, float], int]


def pick_of(rule: ActivityRule) -> Pick:
    """Which hits of those inside the window count, oldest first."""
    plain: dict[str, Pick] = {"each": sorted, "once": _once, "first": _first}
    return plain.get(rule.count) or _once_per(key_of(rule))


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


def _decay_of(rule: ActivityRule) -> _Decay:
    points, decay, limit = rule.points, rule.decay, rule.limit
    if decay is None:
        return _Decay(lambda hits, _at: points * len(hits), lambda sum: clamp(int(sum), limit), lambda *_: NEVER)
    if isinstance(decay, Steps):
        return _steps(points, decay, limit)
    return _halving(points, decay.ms, limit)


def tally_of(rule: ActivityRule) -> Callable[[list[Hit], int], Tally]:
    """The points of an activity rule from its hits inside its window (all of them, in any order)."""
    pick, within = pick_of(rule), rule.within
    sum_up, whole, fade = _decay_of(rule)

    def tally(hits: list[Hit], as_of: int) -> Tally:
        counted = pick(hits)
        sum = sum_up(counted, as_of)
        points = whole(sum)
        return Tally(points, change(hits, counted, as_of, points, sum), counted)

    def change(hits: list[Hit], counted: list[Hit], at: int, points: int, sum: float) -> int:
        # Between two window exits the counted hits stay the same; the oldest counted one is the first to leave.
        while counted:
            oldest = counted[0][0]
            leaves = NEVER if within is None else oldest + within
            crossing = fade(counted, at, leaves, points, sum)
            if crossing < leaves:
                return crossing
            if leaves == NEVER:
                return NEVER
            at, counted = leaves, pick([hit for hit in hits if hit[0] > oldest])
            sum = sum_up(counted, at)
            if whole(sum) != points:
                return at
        return NEVER

    return tally


def _halving(points: int, half: int, limit: Limit | None) -> _Decay:
    def sum_up(hits: list[Hit], at: int) -> float:
        return math.fsum([points * 0.5 ** ((at - start) / half) for start, _kind in hits])

    def whole(sum: float) -> int:
        return _faded(sum, limit)

    # An error of this many ms is a few hundred times what floating point can do here.
    doubtful = half * 1e-12

    def change(hits: list[Hit], as_of: int, until: int, now: int, sum: float) -> int:
        if now == 0:
            return NEVER
        # All of them halve together, so the sum reaches the edge of rounding after this many ms.
        wait = half * math.log2(abs(sum) / (abs(now) - 0.5 - 5e-7))
        at = as_of + max(1, math.ceil(wait))
        if at > until + 1000:
            return NEVER
        if wait <= doubtful or abs(wait - round(wait)) <= doubtful:
            while whole(sum_up(hits, at)) == now:
                at += 1
            while at - 1 > as_of and whole(sum_up(hits, at - 1)) != now:
                at -= 1
        return at if at < until else NEVER

    return _Decay(sum_up, whole, change)


def _faded(total: float, limit: Limit | None) -> int:
    rounded = round(total, 6)
    if limit is not None:
        if limit.max is not None and rounded > limit.max:
            return limit.max
        if limit.min is not None and rounded < limit.min:
            return limit.min
    return round_half_away(rounded)


def _steps(points: int, decay: Steps, limit: Limit | None) -> _Decay:
    lose, every = decay.lose, decay.every

    def sum_up(hits: list[Hit], at: int) -> int:
        """In hundredths of points."""
        return points * sum([max(0, 100 - lose * ((at - start) // every)) for start, _kind in hits])

    def whole(hundredths: float) -> int:
        points = (abs(int(hundredths)) + 50) // 100
        return clamp(points if hundredths >= 0 else -points, limit)

    def change(hits: list[Hit], as_of: int, until: int, now: int, _sum: float) -> int:
        at = as_of
        while True:
            steps = [(start, (at - start) // every) for start, _kind in hits]
            at = min([start + (done + 1) * every for start, done in steps if lose * done < 100], default=NEVER)
            if at >= until:
                return NEVER
            if whole(sum_up(hits, at)) != now:
                return at

    return _Decay(sum_up, whole, change)


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
    """The points of a range rule over the number of hits, all of them inside its window."""
    within, limit = rule.within, rule.limit

    def points_of(count: int) -> int:
        for one in rule.ranges:
            if (one.low is None or count >= one.low) and (one.high is None or count <= one.high):
                return clamp(one.points, limit)
        return 0

    def tally(hits: list[Hit], _as_of: int) -> Tally:
        if within is None:
            return Tally(points_of(len(hits)), NEVER, sorted(hits))
        counted = sorted(hits)
        points, left = points_of(len(counted)), len(counted)
        for index, hit in enumerate(counted):
            last_of_its_instant = index + 1 == left or counted[index + 1][0] != hit[0]
            if last_of_its_instant and points_of(left - index - 1) != points:
                return Tally(points, hit[0] + within, counted)
        return Tally(points, NEVER, counted)

    return tally
