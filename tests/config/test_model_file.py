"""A model file becomes a checked model: every construct of the language, and what the scorer gets of it."""

import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.model_file import load_model, open_models, parse_model, read_model, read_models
from config.problems import ConfigError
from scoring.conditions import AllOf, AnyOf, Condition, Not, OnList, Outcome, Submitted, Test
from scoring.model import AnswerSpec, Field, GoldenActivity, Ladder, ScoringModel, digest
from scoring.rules import (
    ActivityRule,
    FieldRule,
    HalfLife,
    Limit,
    Range,
    RangeRule,
    RecencyRule,
    Rule,
    Steps,
)

DAY = 86_400_000
EXAMPLE = Path(__file__).parents[1] / "vectors" / "example_model.yaml"

FIELDS = """
fields:
  title: {type: text, hubspot: jobtitle}
  email: {type: email, hubspot: email}
  employees: {type: number, hubspot: [company.numberofemployees, numemployees]}
  opened: {type: datetime, hubspot: hs_email_last_open_date}
  renewal: {type: date, hubspot: renewal}
  country: {type: country, hubspot: country}
  tags: {type: set, hubspot: tags}
  out: {type: flag, hubspot: hs_email_optout}
  site: {type: url, hubspot: hs_analytics_first_url}
  deals: {type: number, hubspot: {deals: won}, salesforce: [{opportunities: won}, Won__c]}
"""


def model(rest: str, fields: str = FIELDS) -> ScoringModel:
    return parse_model(f"name: m\n{fields}\n{rest}")


def rule(text: str) -> Rule:
    """The one rule of a model."""
    found = model(f"scores: {{fit: {{groups: [{{name: G, rules: [{{name: R, {text}}}]}}]}}}}")
    return found.scores[0].groups[0].rules[0]


def when(condition: str) -> Condition:
    found = rule(f"when: {condition}, points: 1")
    assert isinstance(found, FieldRule)
    return found.when


def where(types: str, condition: str) -> Condition | None:
    found = rule(f"on: {types}, where: {condition}, points: 1")
    assert isinstance(found, ActivityRule)
    return found.where


def test_the_example_model_loads_from_its_file_from_its_text_and_from_plain_data() -> None:
    from_file = read_model(EXAMPLE)
    assert parse_model(EXAMPLE.read_text(encoding="utf-8")) == from_file
    assert load_model(YAML(typ="safe", pure=True).load(EXAMPLE)) == from_file


def test_a_model_crosses_processes() -> None:
    found = read_model(EXAMPLE)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  # our own bytes


def test_comments_layout_and_golden_leads_do_not_move_the_digest() -> None:
    text = "name: m\nscores:\n  fit: {groups: [{name: G, rules: [{name: R, when: {out: true}, points: 5}]}]}\n"
    one = parse_model(f"{text}{FIELDS}")
    two = parse_model(f"# mine\n{FIELDS}\n{text}\ndescription: x\ngolden: [{{lead: {{}}, expect: {{total: 0}}}}]")
    other = parse_model(f"{text.replace('5', '6')}{FIELDS}")
    assert digest(one) == digest(two)
    assert digest(one) != digest(other)


def test_places_are_lists_of_properties_and_counts_of_deals() -> None:
    fields = model("scores: {fit: {groups: []}}").fields
    assert fields["title"] == Field("text", {"hubspot": ("jobtitle",)})
    assert fields["employees"].places == {"hubspot": ("company.numberofemployees", "numemployees")}
    assert fields["deals"].places == {"hubspot": ("deals.won",), "salesforce": ("opportunities.won", "Won__c")}


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("{title: {is: CEO}}", Test("title", "text", "is", ("CEO",))),
        ("{title: {in: [CEO, 007]}}", Test("title", "text", "in", ("CEO", "007"))),
        ("{title: {not_in: [CEO]}}", Test("title", "text", "not_in", ("CEO",))),
        ("{title: {contains: ceo}}", Test("title", "text", "contains", ("ceo",))),
        ("{title: {contains: [ceo, cto]}}", Test("title", "text", "contains", ("ceo", "cto"))),
        ("{title: {starts_with: vp}}", Test("title", "text", "starts_with", ("vp",))),
        ("{title: {words: vice president}}", Test("title", "text", "words", ("vice president",))),
        ("{title: {matches: '(?i)level [3-9]'}}", Test("title", "text", "matches", "(?i)level [3-9]")),
        ("{title: {known: false}}", Test("title", "text", "known", False)),
        ("{employees: {between: [50, 500]}}", Test("employees", "number", "between", (Decimal(50), Decimal(500)))),
        ("{employees: {at_least: 0.5}}", Test("employees", "number", "at_least", Decimal("0.5"))),
        ("{employees: {at_most: 5}}", Test("employees", "number", "at_most", Decimal(5))),
        ("{employees: {above: -5}}", Test("employees", "number", "above", Decimal(-5))),
        ("{employees: {below: 5}}", Test("employees", "number", "below", Decimal(5))),
        ("{employees: {in: [1, 2.0]}}", Test("employees", "number", "in", (Decimal(1), Decimal("2.0")))),
        ("{employees: {is: 1}}", Test("employees", "number", "is", (Decimal(1),))),
        ("{opened: {within: 14 days}}", Test("opened", "datetime", "within", 14 * DAY)),
        ("{opened: {older_than: 2 weeks}}", Test("opened", "datetime", "older_than", 14 * DAY)),
        ("{opened: {between: [0 days, 60 days]}}", Test("opened", "datetime", "between", (0, 60 * DAY))),
        ("{renewal: {in_next: 90 day}}", Test("renewal", "date", "in_next", 90 * DAY)),
        ("{country: {in: [US, NO]}}", Test("country", "country", "in", ("US", "NO"))),
        ("{tags: {has_any: [A, B]}}", Test("tags", "set", "has_any", ("A", "B"))),
        ("{tags: {has_all: A}}", Test("tags", "set", "has_all", ("A",))),
        ("{out: true}", Test("out", "flag", "is", True)),
        ("{out: false}", Test("out", "flag", "is", False)),
        ("{email: {domain: free}}", Test("email", "email", "domain", "free")),
        ("{email: {domain: disposable}}", Test("email", "email", "domain", "disposable")),
        ("{email: {domain: ['@Rival.example']}}", Test("email", "email", "domain", ("rival.example",))),
        ("{email: {domain: rival.example}}", Test("email", "email", "domain", ("rival.example",))),
        ("{site: {path: /pricing*}}", Test("site", "url", "path", ("/pricing*",))),
        ("{site: {path: [/a, /b]}}", Test("site", "url", "path", ("/a", "/b"))),
        ("{site: {host: x.example}}", Test("site", "url", "host", ("x.example",))),
        (
            "{site: {query: {utm_source: linkedin, n: 1}}}",
            Test("site", "url", "query", (("utm_source", "linkedin"), ("n", "1"))),
        ),
        ("{list: {in: [Do not score]}}", OnList(("Do not score",))),
        ("{submitted: [Request a demo, 11111111-2222]}", Submitted(("Request a demo", "11111111-2222"))),
        ("{submitted: Request a demo}", Submitted(("Request a demo",))),
    ],
)
def test_every_test_of_a_condition_is_read(text: str, test: Condition) -> None:
    assert when(text) == test


def test_several_keys_and_several_operators_mean_all() -> None:
    out, title = Test("out", "flag", "is", True), Test("title", "text", "is", ("x",))
    assert when("{out: true, title: {is: x}}") == AllOf((out, title))
    low, high = (
        Test("employees", "number", "at_least", Decimal(1)),
        Test("employees", "number", "below", Decimal(9)),
    )
    assert when("{employees: {at_least: 1, below: 9}}") == AllOf((low, high))


def test_conditions_are_joined_and_turned() -> None:
    out, title = Test("out", "flag", "is", True), Test("title", "text", "is", ("x",))
    assert when("{any: [{out: true}, {not: {all: [{title: {is: x}}]}}]}") == AnyOf((out, Not(AllOf((title,)))))


@pytest.mark.parametrize(
    ("types", "text", "test"),
    [
        ("page_view", "{url: {path: /a}}", Test("url", "url", "path", ("/a",))),
        ("page_view", "{title: {contains: x}}", Test("title", "text", "contains", ("x",))),
        ("form_submission", "{form: {in: [A]}}", Test("form", "text", "in", ("A",))),
        ("form_submission", "{answer.message: {words: [x]}}", Test("answer.message", "text", "words", ("x",))),
        ("support_ticket", "{topic: {not_in: [sales]}}", Test("topic", "text", "not_in", ("sales",))),
        ("deal_won", "{amount: {at_least: 5}}", Test("amount", "number", "at_least", Decimal(5))),
        ("[email_open, email_click]", "{name: {is: x}}", Test("name", "text", "is", ("x",))),
        ("[form_submission, page_view]", "{url: {path: /a}}", Test("url", "url", "path", ("/a",))),
        ("custom:trial", "{plan: {is: team}}", Test("plan", "text", "is", ("team",))),
        ("custom:trial", "{url: {host: x}}", Test("url", "url", "host", ("x",))),
    ],
)
def test_details_of_activities_have_types(types: str, text: str, test: Condition) -> None:
    assert where(types, text) == test


def test_an_activity_rule_keeps_all_that_it_says() -> None:
    found = rule(
        "on: page_view, points: 15, within: 30 days, decay: {half_life: 14 days}, limit: {max: 30}, say: Saw prices"
    )
    assert found == ActivityRule(
        "R", ("page_view",), 15, None, 30 * DAY, "each", HalfLife(14 * DAY), Limit(None, 30), "Saw prices"
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("each", "each"),
        ("once", "once"),
        ("first", "first"),
        ("{once_per: form}", "once_per_form"),
        ("{once_per: path}", "once_per_path"),
        ("{once_per: day}", "once_per_day"),
    ],
)
def test_every_way_to_count_is_read(said: str, meant: str) -> None:
    found = rule(f"on: form_submission, points: 1, count: {said}")
    assert isinstance(found, ActivityRule)
    assert found.count == meant


def test_a_decay_in_steps_is_read() -> None:
    found = rule("on: page_view, points: 1, decay: {lose: 10%, every: 1 day}")
    assert isinstance(found, ActivityRule)
    assert found.decay == Steps(10, DAY)


@pytest.mark.parametrize(
    ("said", "age"),
    [
        ("{within: 1 day}", ("within", DAY, None)),
        ("{older_than: 2 days}", ("older_than", 2 * DAY, None)),
        ("{between: [1 day, 2 days]}", ("between", DAY, 2 * DAY)),
    ],
)
def test_a_recency_rule_is_read(said: str, age: Any) -> None:
    found = rule(f"on: [page_view, 'custom:x'], last: {said}, points: -10")
    assert found == RecencyRule("R", ("page_view", "custom:x"), age, -10)


def test_ranges_of_a_field_and_of_a_count_are_read() -> None:
    by_field = rule("ranges: {field: employees, points: {..-1: -2, 0: 1, 1.5..2.5: 3, 6..: 6}}")
    ranges = (
        Range(None, Decimal(-1), -2),
        Range(Decimal(0), Decimal(0), 1),
        Range(Decimal("1.5"), Decimal("2.5"), 3),
        Range(Decimal(6), None, 6),
    )
    assert by_field == RangeRule("R", ranges, "employees")
    counted = rule("on: page_view, within: 30 days, ranges: {5..9: 2, 10..: 5}")
    steps = (Range(Decimal(5), Decimal(9), 2), Range(Decimal(10), None, 5))
    assert counted == RangeRule("R", steps, None, ("page_view",), None, 30 * DAY)


def test_a_library_that_reads_range_keys_as_numbers_does_no_harm() -> None:
    ranges: dict[Any, int] = {5: 1, 6.0: 2, "7..": 3}
    document = {
        "name": "m",
        "fields": {"n": {"type": "number"}},
        "scores": {
            "fit": {"groups": [{"name": "G", "rules": [{"name": "R", "ranges": {"field": "n", "points": ranges}}]}]}
        },
    }
    found = load_model(document).scores[0].groups[0].rules[0]
    assert isinstance(found, RangeRule)
    ends = [(step.low, step.high) for step in found.ranges]
    assert ends == [(Decimal(5), Decimal(5)), (Decimal(6), Decimal(6)), (Decimal(7), None)]


def test_a_score_may_stand_outside_the_total() -> None:
    found = model("scores: {fit: {in_total: false, limit: {min: -5, max: 5}, groups: []}, more: {groups: []}}").scores
    assert [(score.name, score.in_total, score.limit) for score in found] == [
        ("fit", False, Limit(-5, 5)),
        ("more", True, None),
    ]


def test_bands_and_grades_may_be_written_in_any_order() -> None:
    found = model(
        "scores: {a: {groups: []}, b: {groups: []}}\nbands: {hot: 65, cold: null, warm: 35}\n"
        "grade: {letter: {of: a, A: 35, B: 15, C: null}, digit: {of: b, 3: null, 1: 50, 2: 20}}"
    )
    assert found.bands == Ladder((("cold", None), ("warm", 35), ("hot", 65)))
    assert found.grade is not None
    assert found.grade.letter.steps.edges == (("C", None), ("B", 15), ("A", 35))
    assert found.grade.digit is not None
    assert found.grade.digit.steps.edges == (("3", None), ("2", 20), ("1", 50))


LIFECYCLE = """
scores: {fit: {groups: []}}
bands: {cold: null, hot: 50}
grade: {letter: {of: fit, A: 10, B: null}}
lifecycle:
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: 4711}, sql: {hubspot: sql, salesforce: Sales Qualified}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}, band: {is: hot}, not: {out: true}}}
    - {stage: mql, when: {any: [{total: {at_least: 34}}, {grade: {in: [A]}}]}}
"""


def test_stages_are_entered_by_results_and_by_facts() -> None:
    found = model(LIFECYCLE).lifecycle
    assert found is not None
    assert (found.mode, found.down, found.margin, found.otherwise) == ("observe", False, 0, None)
    assert found.stages["mql"] == {"hubspot": "4711"}
    assert found.enter[0].when == AllOf(
        (
            Outcome("total", "at_least", Decimal(65)),
            Outcome("band", "is", ("hot",)),
            Not(Test("out", "flag", "is", True)),
        )
    )
    assert found.enter[1].when == AnyOf((Outcome("total", "at_least", Decimal(34)), Outcome("grade", "in", ("A",))))


def test_dropping_to_a_stage_is_the_middle_of_its_band_rounded_down() -> None:
    found = model(
        f"{LIFECYCLE}\nfeedback: {{field: {{hubspot: f}}, answers: [{{answer: a, label: A, drop_to: mql}}, "
        "{answer: b, label: B, drop_to: -3}, {answer: c, label: C, points: -100, hold: lead}]}"
    ).feedback
    assert found is not None
    assert found.answers == (
        AnswerSpec("a", "A", 49, "mql"),
        AnswerSpec("b", "B", -3),
        AnswerSpec("c", "C", None, None, -100, "lead"),
    )


def test_golden_leads_are_texts_and_ages() -> None:
    found = model(
        "scores: {fit: {groups: []}}\ngolden:\n"
        "  - lead: {employees: 007, out: true, tags: [A, B], renewal: 2026-03-01, title: }\n"
        "    created: 3 days\n    lists: [VIP]\n"
        "    activities: [{form_submission: {form: A, answer.x: 5}, age: 2 hours}, {visit: , age: 0 days}]\n"
        "    expect: {fit: 0, total: 0, stage: null}\n"
    ).golden[0]
    assert found.lead == {"employees": "007", "out": "true", "tags": "A;B", "renewal": "2026-03-01", "title": ""}
    assert (found.created_age, found.lists) == (3 * DAY, ("VIP",))
    assert found.activities == (
        GoldenActivity("form_submission", {"form": "A", "answer.x": "5"}, 7_200_000),
        GoldenActivity("visit", {}, 0),
    )
    assert found.expect == {"fit": 0, "total": 0, "stage": None}


def test_a_model_may_be_for_some_leads_only() -> None:
    assert model("scores: {fit: {groups: []}}\nfor: {deals: {at_least: 1}}").applies_to == Test(
        "deals", "number", "at_least", Decimal(1)
    )


def write(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_models_beside_each_other_need_names_of_their_own_and_one_meaning_of_a_field(tmp_path: Path) -> None:
    one = write(tmp_path, "a.yaml", "name: a\nfields: {t: {type: text}, u: {type: text}}\nscores: {f: {groups: []}}\n")
    two = write(
        tmp_path, "b.yaml", "name: a\nfields:\n  u: {type: text}\n  t: {type: number}\nscores: {f: {groups: []}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_models([one, two])
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == [
        "b.yaml:1:7: the name `a` belongs to a.yaml already (give this model another name)",
        "b.yaml:4:3: `t` is not what it is in a.yaml; one field has one type and the same places everywhere "
        "(copy that line, or rename one)",
    ]


def test_the_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    one, two = write(tmp_path, "a.yaml", "name: [\n"), write(tmp_path, "b.yaml", "nam: x\n")
    with pytest.raises(ConfigError) as caught:
        read_models([one, two])
    assert {Path(problem.file).name for problem in caught.value.problems} == {"a.yaml", "b.yaml"}


def test_no_model_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no model is named"):
        read_models([])
    kept = open_models([write(tmp_path, "a.yaml", "name: a\nfields: {}\nscores: {f: {groups: []}}\n")])
    assert parse_model(kept[0].text) == kept[0].model
