"""Faults in rules, scores, fields, bands and grades: each is told with its place and what to write instead."""

import pytest

from tests.config.faults import HEAD, SCORES, assert_only, in_rule, told

LAST_ONLY = "does not go with `last`, which looks at the latest activity only"
RANGES = "write {field: visits, points: {2..5: 3, 6..: 6}}, or add `on:`"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "on: §form_submision, points: 1",
            "there is no activity type `form_submision` (did you mean form_submission?)",
        ),
        (
            "on: [visit, §xyz], points: 1",
            "there is no activity type `xyz` (an activity of your own is called custom:NAME)",
        ),
        (
            "on: §'custom:', points: 1",
            "there is no activity type `custom:` (an activity of your own is called custom:NAME)",
        ),
        ("on: [visit, §visit], points: 1", "`visit` stands here twice"),
        ("on: §[], points: 1", "an empty list says nothing"),
        ("when: {out: true}, §pionts: 5", "`pionts` is not known here (did you mean points?)"),
        ("when: {out: true}, points: §'5'", "`points` must be a whole number, not `5`"),
        ("when: {out: true}, points: §5.5", "`points` must be a whole number, not `5.5`"),
        ("when: {out: true}, points: §true", "`points` must be a whole number, not `true`"),
        ("when: {out: true}, points:§ ", "`points` must be a whole number, not empty"),
        ("when: {out: true}, points: 1, say: §''", "an empty text says nothing"),
        (
            "when: {out: true}, points: 1, §decay: {half_life: 1 day}",
            "`decay` does not go with a rule with `when` "
            "(points of a field hold while it holds; ages of a date field go inside `when`)",
        ),
        ("when: {out: true}, §on: visit, points: 1", "`on` does not go with a rule with `when` (make two rules of it)"),
        (
            "on: visit, points: 1, count: §onse",
            "`onse` is no way to count (did you mean once?)",
        ),
        ("on: visit, points: 1, count: §{once_per: pth}", "`once_per: pth` is not known (did you mean path?)"),
        (
            "on: visit, points: 1, count: §{per: day}",
            "write each, once, first or {once_per: form|path|day}",
        ),
        ("on: visit, points: 1, within: §3", "`3` is no duration (write 3 days, or another unit)"),
        ("on: visit, points: 1, within: §0 days", "`within: 0 days` never holds"),
        ("on: visit, points: 1, decay: {lose: §10, every: 1 day}", "`10` is no percentage (write 10%)"),
        (
            "on: visit, points: 1, decay: {lose: §120%, every: 1 day}",
            "`120%` is out of reach; a step loses 1% to 100%",
        ),
        (
            "on: visit, points: 1, decay: §{lose: 10%}",
            "write {half_life: 90 days} or {lose: 10%, every: 30 days}",
        ),
        (
            "on: visit, points: 1, decay: §{half_life: 1 day, lose: 10%, every: 1 day}",
            "write {half_life: 90 days} or {lose: 10%, every: 30 days}",
        ),
        ("on: visit, points: 1, decay: §{half_life: 0 days}", "a decay takes more than no time"),
        (
            "on: visit, points: 1, decay: {§halflife: 1 day}",
            "`halflife` is not known here (did you mean half_life?)",
        ),
        ("on: visit, points: 1, limit: §{}", "a limit needs min, max or both"),
        ("on: visit, points: 1, limit: {min: §5}", "`min` must be at most 0"),
        ("on: visit, points: 1, limit: {max: §-5}", "`max` must be at least 0"),
        ("§last: {within: 1 day}, points: 1", "`last` needs the activities that it looks at (add `on:`)"),
        ("on: visit, last: §{}, points: 1", "write one of within, older_than or between"),
        (
            "on: visit, last: §{within: 1 day, older_than: 2 days}, points: 1",
            "write one of within, older_than or between",
        ),
        (
            "on: visit, last: §{between: [5 days, 1 day]}, points: 1",
            "write the shorter age first: between: [14 days, 60 days]",
        ),
        ("on: visit, last: {older_than: 1 day}, §within: 3 days, points: 1", f"`within` {LAST_ONLY}"),
        ("on: visit, last: {older_than: 1 day}, §decay: {half_life: 1 day}, points: 1", f"`decay` {LAST_ONLY}"),
        ("on: visit, ranges: {1..5: 3, §5..: 4}", "`5..` overlaps `1..5` (both ends belong to a range)"),
        ("on: visit, ranges: {1..5: 3, §3: 4}", "`3` overlaps `1..5` (both ends belong to a range)"),
        ("on: visit, ranges: {§x: 3}", "`x` is no range (write e.g. 2..5, 6.. or ..1)"),
        ("on: visit, ranges: {§5..2: 3}", "the range `5..2` runs backwards (write 2..5)"),
        ("on: visit, ranges: {1..2: §x}", "the points of `1..2` must be a whole number"),
        ("on: visit, ranges: {§1.5..2: 1}", "`1.5..2` counts activities, so its ends are whole numbers from 0"),
        ("on: visit, ranges: §5", "`ranges` is a mapping of ranges to points (write {2..5: 3, 6..: 6})"),
        (
            "on: visit, ranges: {§field: employees, points: {1..: 1}}",
            "a rule counts activities or looks at a field, not both (remove `on` or `field`)",
        ),
        (
            "on: visit, ranges: {1..2: 1}, §points: 5",
            "a rule with `ranges` has its points inside the ranges (remove `points`)",
        ),
        ("on: visit, ranges: {1..2: 1}, §count: once", "`count` does not go with a rule with `ranges`"),
        (
            "ranges: {field: §employes, points: {1..: 1}}",
            "there is no field `employes` (did you mean employees?)",
        ),
        (
            "ranges: {field: §title, points: {1..: 1}}",
            "`title` is of type text; ranges look at numbers",
        ),
        (
            "ranges: {field: employees, §point: {1..: 1}}",
            "`point` is not known here (did you mean points?)",
        ),
        (
            "ranges: {field: employees, points: {..1.5: 3, §-5..-1: 2}}",
            "`-5..-1` overlaps `..1.5` (both ends belong to a range)",
        ),
    ],
)
def test_a_fault_in_a_rule_is_told_at_its_place(keys: str, message: str) -> None:
    assert_only(in_rule(keys), message)


@pytest.mark.parametrize("keys", ["points: 5", "where: {url: {path: /}}, points: 5"])
def test_a_rule_that_never_holds_is_told(keys: str) -> None:
    _, *found = told(in_rule(keys))
    assert found[0] == (
        "16:13: this rule never holds: it has no `when`, `on` or `ranges` (say when it gives its points)"
    )


def test_missing_points_are_told_at_the_rule() -> None:
    _, *found = told(in_rule("when: {out: true}"))
    assert found == ["16:13: `points` is missing (add `points:`)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "§wen: 1\n",
            "`wen` is not known here (known: name, description, for, fields, scores, bands, grade, lifecycle, "
            "feedback, notify, golden)",
        ),
        ("§band: {cold: null}\n", "`band` is not known here (did you mean bands?)"),
        ("bands: {cold: null, warm: 5, §hot: 5}\n", "`warm` and `hot` both begin at 5 (each needs an edge of its own)"),
        (
            "bands: {cold: null, §cool: null}\n",
            "`cold` and `cool` both begin at null (each needs an edge of its own)",
        ),
        (
            "§bands: {cold: 0, hot: 5}\n",
            "the lowest one needs the edge null, so that it takes all below (write e.g. cold: null)",
        ),
        ("bands: {cold: null, hot: §'5'}\n", "`hot` must be a whole number, not `5`"),
        ("grade: {letter: {of: §fitt, A: 3, B: null}}\n", "there is no score `fitt` (did you mean fit?)"),
        ("grade: {§letter: {of: fit}}\n", "`letter` has no steps (write e.g. {of: fit, A: 35, B: 15, C: null})"),
        ("§grade: {}\n", "`letter` is missing (add `letter:`)"),
        ("grade: {§letter: {A: 3, B: null}}\n", "`of` is missing (add `of:`)"),
        ("description: §[x]\n", "`description` must be a text, not a list"),
        ("bands: {cold: null}\n§bands: {hot: null}\n", "`bands` stands here twice (first in line 12)"),
    ],
)
def test_a_fault_at_the_top_is_told_at_its_place(text: str, message: str) -> None:
    assert_only(f"{HEAD}{SCORES}{text}", message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{type: §emial}", "`type` cannot be `emial` (did you mean email?)"),
        ("{type: text, §hubspt: x}", "`hubspt` is not known here (did you mean hubspot?)"),
        (
            "{type: number, hubspot: §{deels: won}}",
            "a count of deals is written {deals: won|lost|open|total} (did you mean deals?)",
        ),
        (
            "{type: number, salesforce: §{opportunities: wn}}",
            "a count of opportunities is written {opportunities: won|lost|open|total} (did you mean won?)",
        ),
        ("{type: text, hubspot:§ }", "name a property, or leave the key out"),
    ],
)
def test_a_fault_in_a_field_is_told_at_its_place(spec: str, message: str) -> None:
    assert_only(f"{HEAD}  mine: {spec}\n{SCORES}", message)


def test_a_field_without_a_type_is_told() -> None:
    assert_only(f"{HEAD}  §mine: {{hubspot: x}}\n{SCORES}", "`type` is missing (add `type:`)")


@pytest.mark.parametrize("name", ["total", "band", "grade", "all", "any", "not", "list", "submitted"])
def test_words_of_conditions_name_no_field_and_no_score(name: str) -> None:
    assert_only(
        f"{HEAD}  §{name}: {{type: text}}\n{SCORES}",
        f"a field cannot be called `{name}`; the word means something else (rename it)",
    )
    assert_only(
        f"{HEAD}scores: {{§{name}: {{groups: []}}}}\n",
        f"a score cannot be called `{name}`; the word means something else (rename it)",
    )


def test_a_score_and_a_field_of_one_name_are_told() -> None:
    assert_only(f"{HEAD}scores: {{§title: {{groups: []}}}}\n", "`title` is a field and a score (rename one of them)")


def test_names_that_stand_twice_are_told() -> None:
    assert_only(
        f"{HEAD}scores:\n  fit: {{groups: []}}\n  §fit: {{groups: []}}\n", "`fit` stands here twice (first in line 12)"
    )
    assert_only(
        f"{HEAD}scores: {{fit: {{groups: [{{name: A, rules: []}}, {{name: §A, rules: []}}]}}}}\n",
        "there are two groups called `A` (rename one)",
    )
    rules = "{name: R, when: {out: true}, points: 1}, {name: §R, when: {out: false}, points: 1}"
    assert_only(
        f"{HEAD}scores: {{fit: {{groups: [{{name: A, rules: [{rules}]}}]}}}}\n",
        "there are two rules called `R` (rename one)",
    )


def test_a_document_that_is_no_mapping_is_told() -> None:
    assert told("- a\n")[1:] == ["1:1: a model is a mapping (it begins with `name:`)"]


def test_what_is_missing_at_the_top_is_told() -> None:
    assert told("description: x\n")[1:] == [
        "1:1: `name` is missing (add `name:`)",
        "1:1: `fields` is missing (add `fields:`)",
        "1:1: `scores` is missing (add `scores:`)",
    ]


def test_a_model_without_scores_is_told() -> None:
    assert_only(f"{HEAD}scores: §{{}}\n", "`scores` has too few items")
