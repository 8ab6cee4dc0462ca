"""The cheapest ways into a stage are minimal, in order, and count limits."""

from config.model_file import parse_model
from scoring.minimum_profile import StagePaths, stage_paths

HEAD = """name: m
fields: {title: {type: text, hubspot: jobtitle}, n: {type: number, hubspot: n}}
bands: {cold: null, hot: 30}
lifecycle:
  stages: {lead: {hubspot: l}, mql: {hubspot: m}, sql: {hubspot: s}}
"""


def paths(rules: str, enter: str, limits: str = "") -> tuple[StagePaths, ...]:
    return stage_paths(
        parse_model(
            f"{HEAD}  enter: [{enter}]\nscores: {{fit: {{{limits} groups: [{{name: G, rules: [{rules}]}}]}}}}\n"
        )
    )


def ways(found: StagePaths) -> list[tuple[dict[str, int], int]]:
    return [({rule: times for *_, rule, times in way.rules}, way.total) for way in found.profiles]


TITLE = "{name: T, when: {title: {is: a}}, points: 20}"
FORM = "{name: F, on: form_submission, points: 25, count: once}"
VISIT = "{name: V, on: visit, points: 10}"
SQL = "{stage: sql, when: {total: {at_least: 40}}}"


def test_sets_come_with_the_fewest_steps_first_and_none_holds_another() -> None:
    (found,) = paths(f"{TITLE}, {FORM}, {VISIT}", SQL)
    assert ways(found) == [
        ({"F": 1, "T": 1}, 45),
        ({"F": 1, "V": 2}, 45),
        ({"T": 1, "V": 2}, 40),
        ({"V": 4}, 40),
    ]
    assert [way.steps for way in found.profiles] == [2, 3, 3, 4]


def test_limits_are_counted() -> None:
    limited = VISIT.replace("points: 10", "points: 10, limit: {max: 15}")
    (found,) = paths(f"{TITLE}, {FORM}, {limited}", SQL)
    assert ways(found) == [({"F": 1, "T": 1}, 45), ({"F": 1, "V": 2}, 40)]
    (none,) = paths(f"{TITLE}, {FORM}", SQL, "limit: {max: 39},")
    assert ways(none) == []


def test_what_a_stage_asks_besides_points_is_taken_as_given() -> None:
    (found,) = paths(TITLE, "{stage: mql, when: {fit: {at_least: 20}, not: {n: {above: 5}}}}")
    assert (found.asks, found.free) == (True, False)
    assert ways(found) == [({"T": 1}, 20)]


def test_a_stage_entered_by_a_form_alone_needs_no_points() -> None:
    (found,) = paths(TITLE, "{stage: sql, when: {submitted: [Demo]}}")
    assert (found.free, found.profiles) == (True, ())


def test_bands_and_alternatives_lead_into_a_stage() -> None:
    first, second = paths(
        f"{TITLE}, {VISIT}", "{stage: sql, when: {band: {is: hot}}}, {stage: mql, when: {any: [{total: {above: 19}}]}}"
    )
    assert ways(first) == [({"T": 1, "V": 1}, 30), ({"V": 3}, 30)]
    assert ways(second) == [({"T": 1}, 20), ({"V": 2}, 20)]


def test_a_range_by_count_takes_as_many_activities_as_it_begins_with() -> None:
    (found,) = paths("{name: R, on: visit, ranges: {2..3: 5, 4..: 40}}", SQL)
    assert ways(found) == [({"R": 4}, 40)]


def test_no_more_than_five_ways_are_told() -> None:
    rules = ", ".join(f"{{name: R{n}, when: {{title: {{is: t{n}}}}}, points: 40}}" for n in range(9))
    (found,) = paths(rules, SQL)
    assert len(found.profiles) == 5
