"""What the linter says of models that load but look wrong, and that it is quiet about sound ones."""

from pathlib import Path

import pytest

from config.model_file import parse_model, read_model
from scoring.linter import lint

EXAMPLE = Path(__file__).parents[1] / "vectors" / "example_model.yaml"
HEAD = """name: m
fields:
  title: {type: text, hubspot: jobtitle}
  n: {type: number, hubspot: visits}
  opened: {type: datetime, hubspot: opened}
"""
RULE = ("scores", "fit", "groups", 0, "rules")


def warnings(text: str) -> list[tuple[tuple[str | int, ...], str]]:
    return [(finding.path, finding.message) for finding in lint(parse_model(HEAD + text))]


def in_score(rules: str, limits: str = "", group: str = "", rest: str = "") -> str:
    return f"scores: {{fit: {{{limits} groups: [{{name: G, {group} rules: [{rules}]}}]}}}}\n{rest}"


def stages(enter: str, rest: str = "") -> str:
    named = "lead: {hubspot: l}, mql: {hubspot: m}, sql: {hubspot: s}"
    return f"lifecycle: {{stages: {{{named}}}, enter: [{enter}]}}\n{rest}"


def test_the_example_model_has_no_warnings() -> None:
    assert lint(read_model(EXAMPLE)) == ()


def test_bands_beyond_the_most_and_below_the_least_are_told() -> None:
    rules = "{name: A, when: {title: {is: a}}, points: 30}, {name: B, when: {title: {is: b}}, points: -5}"
    found = warnings(in_score(rules, "limit: {max: 20},", rest="bands: {never: null, cold: -5, warm: 20, hot: 21}\n"))
    assert found == [
        (("bands", "never"), "no lead can fall into band `never`: it ends below -5, and the total is at least -5"),
        (("bands", "hot"), "no lead can reach band `hot`: it begins at 21, and the total is at most 20"),
    ]


def test_answers_of_sales_can_make_a_low_band_reachable() -> None:
    feedback = "feedback: {answers: [{answer: no, label: No, points: -100}]}\n"
    rule = "{name: A, when: {title: {is: a}}, points: 30}"
    bands = "bands: {never: null, cold: -5}\n"
    assert [path for path, _ in warnings(in_score(rule, rest=bands))] == [("bands", "never")]
    assert warnings(in_score(rule, rest=bands + feedback)) == []


def test_activities_that_repeat_without_a_limit_reach_every_band() -> None:
    rule = "{name: A, on: visit, points: 1}"
    assert warnings(in_score(rule, rest="bands: {cold: null, hot: 1000}\n")) == []
    limited = "{name: A, on: visit, points: 1, limit: {max: 5}}"
    assert len(warnings(in_score(limited, rest="bands: {cold: null, hot: 1000}\n"))) == 1


def test_once_per_form_gives_as_often_as_there_are_forms() -> None:
    rule = "{name: A, on: form_submission, where: {form: {in: [X, Y]}}, count: {once_per: form}, points: 5}"
    assert warnings(in_score(rule, rest="bands: {cold: null, hot: 10}\n")) == []
    assert len(warnings(in_score(rule, rest="bands: {cold: null, hot: 11}\n"))) == 1


def test_grades_that_no_score_can_have_are_told() -> None:
    rule = "{name: A, when: {title: {is: a}}, points: 30}"
    found = warnings(in_score(rule, rest="grade: {letter: {of: fit, A: 31, B: null}}\n"))
    assert found == [
        (("grade", "letter", "A"), "no lead can reach letter `A`: it begins at 31, and `fit` is at most 30")
    ]


def test_a_stage_out_of_reach_is_told() -> None:
    rule = "{name: A, when: {title: {is: a}}, points: 30}"
    reachable = "{stage: sql, when: {any: [{total: {at_least: 31}}, {submitted: [Demo]}]}}"
    assert warnings(in_score(rule, rest=stages(reachable))) == []
    both = "{stage: sql, when: {all: [{total: {at_least: 31}}, {title: {is: x}}]}}"
    assert warnings(in_score(rule, rest=stages(both))) == [
        (("lifecycle", "enter", 0, "when"), "no lead can enter `sql`: its points are out of reach")
    ]


@pytest.mark.parametrize(
    ("test", "reached"),
    [
        ("{at_least: 30}", True),
        ("{above: 30}", False),
        ("{below: 0}", False),
        ("{at_most: 0}", True),
        ("{between: [31, 40]}", False),
        ("{between: [30, 40]}", True),
    ],
)
def test_every_edge_of_a_score_is_weighed(test: str, reached: bool) -> None:
    rule = "{name: A, when: {title: {is: a}}, points: 30}"
    found = warnings(in_score(rule, rest=stages(f"{{stage: mql, when: {{fit: {test}}}}}")))
    assert (found == []) is reached


def test_a_stage_behind_another_that_always_holds_first_is_told() -> None:
    lines = "{stage: mql, when: {total: {at_least: 5}}}, {stage: sql, when: {total: {at_least: 9}, title: {is: x}}}"
    found = warnings(in_score("{name: A, on: visit, points: 1}", rest=stages(lines)))
    assert found == [
        (("lifecycle", "enter", 1), "`sql` is never entered here: a line above holds whenever this one does")
    ]


def test_stages_in_the_wrong_order_are_told() -> None:
    lines = "{stage: mql, when: {title: {is: x}}}, {stage: sql, when: {title: {is: y}}}"
    found = warnings(in_score("", rest=stages(lines)))
    assert [path for path, _ in found] == [("lifecycle", "enter", 1)]
    assert "put the highest first" in found[0][1]


def test_a_single_rule_that_makes_a_lead_ready_for_sales_is_told() -> None:
    rules = "{name: A, when: {title: {is: a}}, points: 65}, {name: B, on: visit, points: 30}"
    line = "{stage: sql, when: {total: {at_least: 65}}}, {stage: mql, when: {total: {at_least: 30}}}"
    assert warnings(in_score(rules, rest=stages(line))) == [
        ((*RULE, 0, "points"), "`A` alone gives 65 and so makes a lead ready for sales (from 65)")
    ]
    capped = in_score(rules, "limit: {max: 64},", rest=stages(line))
    assert not [message for _, message in warnings(capped) if "alone" in message]


def test_the_strongest_range_counts_as_a_single_rule_too() -> None:
    rule = "{name: A, ranges: {field: n, points: {1..5: 1, 6..: 70}}}"
    found = warnings(in_score(rule, rest=stages("{stage: sql, when: {total: {at_least: 65}}}")))
    assert found[0][0] == (*RULE, 0, "ranges")


def test_points_that_a_limit_always_cuts_are_told() -> None:
    rule = "{name: A, when: {title: {is: a}}, points: 30}"
    assert warnings(in_score(rule, group="limit: {max: 20},")) == [
        ((*RULE, 0, "points"), "`A` never gives its 30: the limit of group `G` always cuts it to 20")
    ]
    assert warnings(in_score(rule, "limit: {max: 0},")) == [
        ((*RULE, 0, "points"), "`A` never gives its 30: the limit of `fit` cuts all of it away")
    ]
    own = "{name: A, on: visit, points: -30, limit: {min: -10}}"
    assert warnings(in_score(own)) == [
        ((*RULE, 0, "points"), "`A` never gives its -30: its own limit always cuts it to -10")
    ]


def test_points_above_a_limit_that_fade_or_meet_minus_points_are_in_order() -> None:
    fading = "{name: A, on: visit, points: 30, limit: {max: 20}, decay: {half_life: 1 day}}"
    assert warnings(in_score(fading)) == []
    balanced = "{name: A, when: {title: {is: a}}, points: 30}, {name: B, when: {title: {is: b}}, points: -15}"
    assert warnings(in_score(balanced, group="limit: {max: 20},")) == []


def test_gaps_between_ranges_of_whole_numbers_are_told() -> None:
    rule = "{name: A, ranges: {field: n, points: {8..: 3, 2..4: 1, 6..6: 2}}}"
    assert warnings(in_score(rule)) == [
        ((*RULE, 0, "ranges", "points"), "`A` has a gap: 5 lies in none of its ranges"),
        ((*RULE, 0, "ranges", "points"), "`A` has a gap: 7 lies in none of its ranges"),
    ]
    counted = "{name: A, on: visit, ranges: {..1: 1, 5..: 2}}"
    assert warnings(in_score(counted)) == [((*RULE, 0, "ranges"), "`A` has a gap: 2 to 4 lie in none of its ranges")]
    assert warnings(in_score("{name: A, ranges: {field: n, points: {0.5..1.5: 1, 3..: 2}}}")) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("within: 30 days, decay: {lose: 50%, every: 30 days}", "never loses a step"),
        ("within: 31 days, decay: {lose: 50%, every: 30 days}", None),
        ("within: 8 days, decay: {half_life: 90 days}", "hardly decays"),
        ("within: 9 days, decay: {half_life: 90 days}", None),
        ("decay: {half_life: 90 days}", None),
    ],
)
def test_a_decay_that_its_window_makes_meaningless_is_told(rule: str, told: str | None) -> None:
    found = warnings(in_score(f"{{name: A, on: visit, points: 5, {rule}}}"))
    if told is None:
        assert found == []
    else:
        assert [(path, told in message) for path, message in found] == [((*RULE, 0, "decay"), True)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("when: {title: {in: [CEO, cto]}}", "when: {title: {in: [CTO, ceo]}}"),
        ("when: {title: {is: CEO}}", "when: {title: {in: [ceo]}}"),
        ("when: {title: {is: a}, n: {above: 1}}", "when: {all: [{n: {above: 1}}, {title: {is: a}}]}"),
        ("on: [visit, call]", "on: [call, visit]"),
        ("on: page_view, where: {url: {path: /a}}", "on: page_view, where: {url: {path: [/a]}}"),
    ],
)
def test_equal_conditions_in_one_score_are_told(one: str, two: str) -> None:
    found = warnings(in_score(f"{{name: A, {one}, points: 1}}, {{name: B, {two}, points: 2}}"))
    assert found == [((*RULE, 1), "`B` asks the same as `A`; who gets one gets both")]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("when: {title: {is: a}}", "when: {not: {title: {is: a}}}"),
        ("on: visit, within: 7 days", "on: visit, within: 30 days"),
        ("on: visit", "on: call"),
        ("on: page_view, where: {url: {path: /a}}", "on: page_view, where: {url: {path: /A}}"),
        ("when: {n: {between: [1, 5]}}", "when: {n: {between: [1, 6]}}"),
        ("when: {title: {in: [a, b]}}", "when: {title: {in: [b, c]}}"),
    ],
)
def test_conditions_that_differ_are_in_order(one: str, two: str) -> None:
    assert warnings(in_score(f"{{name: A, {one}, points: 1}}, {{name: B, {two}, points: 2}}")) == []


def test_the_same_condition_in_two_scores_is_in_order() -> None:
    group = "groups: [{name: G, rules: [{name: A, when: {title: {is: a}}, points: 1}]}]"
    assert warnings(f"scores: {{fit: {{{group}}}, engagement: {{{group}}}}}\n") == []


def test_a_list_within_another_is_told_whichever_comes_first() -> None:
    small, large = "when: {title: {in: [a]}}", "when: {title: {in: [a, b]}}"
    one = warnings(in_score(f"{{name: A, {small}, points: 1}}, {{name: B, {large}, points: 2}}"))
    two = warnings(in_score(f"{{name: B, {large}, points: 1}}, {{name: A, {small}, points: 2}}"))
    told = "the list of `A` lies within that of `B`; who gets one gets both"
    assert one == two == [((*RULE, 1), told)]


def test_a_field_that_no_crm_maps_is_told() -> None:
    head = "name: m\nfields: {a: {type: text}, b: {type: flag}, c: {type: text, salesforce: C__c}}\n"
    found = lint(parse_model(f"{head}scores: {{fit: {{groups: []}}}}\n"))
    assert [(finding.path, "false" in finding.message) for finding in found] == [
        (("fields", "a"), False),
        (("fields", "b"), True),
    ]
