"""Faults in stages, sales answers, notices and golden leads; and all kinds of faults in one file."""

import pytest

from config.model_file import load_model
from config.problems import ConfigError
from tests.config.faults import HEAD, SCORES, assert_only, told

STAGES = f"""{HEAD}{SCORES}bands: {{cold: null, hot: 50}}
lifecycle:
  stages: {{lead: {{hubspot: lead}}, mql: {{hubspot: mql}}, sql: {{hubspot: sql}}}}
  enter:
    - {{stage: sql, when: {{total: {{at_least: 65}}}}}}
    - {{stage: mql, when: {{total: {{at_least: 35}}}}}}
    - {{stage: lead, when: {{submitted: [Demo]}}}}
"""
MIDDLE = "so it has no middle to drop to (write a number: drop_to: 50)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  mode: §obsrve\n", "`mode` cannot be `obsrve` (did you mean observe?)"),
        ("  down: §no\n", "`down` must be true or false, not `no`"),
        ("  margin: §-5\n", "`margin` must be at least 0"),
        ("  otherwise: §leed\n", "there is no stage `leed` (did you mean lead?)"),
        ("  never_leave: [lead, §customer]\n", "there is no stage `customer` (known: lead, mql, sql)"),
        ("  never_leave: §lead\n", "`never_leave` must be a list, not `lead`"),
        ("  §never: [lead]\n", "`never` is not known here (did you mean never_leave?)"),
        ("  field: {§sugar: x}\n", "`sugar` is not known here (known: hubspot, salesforce)"),
    ],
)
def test_a_fault_in_the_lifecycle_is_told_at_its_place(text: str, message: str) -> None:
    assert_only(f"{STAGES}{text}", message)


def test_an_unknown_stage_under_enter_is_told() -> None:
    assert_only(STAGES.replace("stage: mql", "stage: §mqll"), "there is no stage `mqll` (did you mean mql?)")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("[{answer: a, label: A, drop_to: §mqll}]", "there is no stage `mqll` (did you mean mql?)"),
        (
            "[{answer: a, label: A, drop_to: §lead}]",
            f"`lead` has no single `total: at_least` under `enter`, {MIDDLE}",
        ),
        (
            "[{answer: a, label: A, drop_to: §sql}]",
            "above `sql` no stage begins at a `total: at_least`, so its band has no middle "
            "(write a number: drop_to: 50)",
        ),
        ("[{answer: a, label: A, drop_to: §5.5}]", "write a whole number or one of the stages"),
        (
            "[{answer: a, label: A, drop_to: 5, §points: -5}]",
            "an answer has `drop_to` or `points`, not both (remove one)",
        ),
        ("[{answer: a, label: A, hold: §subscriber}]", "there is no stage `subscriber` (known: lead, mql, sql)"),
        ("[{answer: a, label: One}, {answer: §A, label: Two}]", "`A` stands for two answers"),
        ("[{answer: a, label: One}, {answer: b, label: §one}]", "`one` stands for two answers"),
        ("§[]", "`answers` has too few items"),
    ],
)
def test_a_fault_in_the_feedback_is_told_at_its_place(answers: str, message: str) -> None:
    assert_only(f"{STAGES}feedback: {{field: {{hubspot: f}}, answers: {answers}}}\n", message)


@pytest.mark.parametrize(
    "when",
    [
        "{not: {total: {at_least: 35}}}",
        "{total: {above: 35}}",
        "{any: [{total: {at_least: 35}}, {total: {at_least: 40}, out: true}]}",
        "{out: true}",
    ],
)
def test_a_stage_without_one_lower_edge_of_the_total_is_no_place_to_drop_to(when: str) -> None:
    text = STAGES.replace("{total: {at_least: 35}}", when)
    assert_only(
        f"{text}feedback: {{answers: [{{answer: a, label: A, drop_to: §mql}}]}}\n",
        f"`mql` has no single `total: at_least` under `enter`, {MIDDLE}",
    )


@pytest.mark.parametrize(
    ("notice", "message"),
    [
        ("{on: {enters: §sqll}, by: webhook, text: x}", "there is no stage `sqll` (did you mean sql?)"),
        ("{on: §{enters: sql, rises_to: 5}, by: webhook, text: x}", "write {enters: STAGE} or {rises_to: POINTS}"),
        ("{on: {enters: sql}, by: §mail, text: x}", "an item of `by` cannot be `mail` (known: crm_task, webhook)"),
        (
            "{on: {enters: sql}, by: [webhook, §webhok], text: x}",
            "an item of `by` cannot be `webhok` (did you mean webhook?)",
        ),
        ("{on: {enters: sql}, by: webhook, text: §'{nam}'}", "`{nam}` stands for nothing (did you mean name?)"),
        (
            "{on: {enters: sql}, by: webhook, text: §'{name'}",
            "a brace is open or closed without its partner (write {name})",
        ),
        (
            "{on: {enters: sql}, by: webhook, text: §'{}'}",
            "`{}` stands for nothing (known: company, name, email, reason, total, grade, link)",
        ),
    ],
)
def test_a_fault_in_a_notice_is_told_at_its_place(notice: str, message: str) -> None:
    assert_only(f"{STAGES}notify: [{notice}]\n", message)


@pytest.mark.parametrize(
    ("golden", "message"),
    [
        ("{lead: {§titl: x}, expect: {total: 0}}", "there is no field `titl` (did you mean title?)"),
        ("{lead: {title: §{a: b}}, expect: {total: 0}}", "`title` takes one value"),
        ("{lead: {}, expect: {§fitt: 0}}", "there is no score `fitt` (did you mean fit?)"),
        ("{lead: {}, expect: {total: §x}}", "`total` is a whole number"),
        ("{lead: {}, expect: {band: §warm}}", "there is no band `warm` (known: cold, hot)"),
        ("{lead: {}, expect: {stage: §mqll}}", "there is no stage `mqll` (did you mean mql?)"),
        ("{lead: {}, expect: §{}}", "`expect` has too few items"),
        ("§{lead: {}}", "`expect` is missing (add `expect:`)"),
        (
            "{lead: {}, activities: [{§page_vew: {}, age: 1 day}], expect: {total: 0}}",
            "there is no activity type `page_vew` (did you mean page_view?)",
        ),
        (
            "{lead: {}, activities: [{page_view: {§form: x}, age: 1 day}], expect: {total: 0}}",
            "`page_view` has no detail `form` (known: url, title, referrer)",
        ),
        (
            "{lead: {}, activities: [{page_view: {}, age: §1}], expect: {total: 0}}",
            "`1` is no duration (write 1 days, or another unit)",
        ),
        (
            "{lead: {}, activities: [§{page_view: {}}], expect: {total: 0}}",
            "`age` is missing (say how long ago it was: age: 3 days)",
        ),
        (
            "{lead: {}, activities: [§{age: 1 day}], expect: {total: 0}}",
            "an activity has one type and an age (write {page_view: {url: ...}, age: 3 days})",
        ),
    ],
)
def test_a_fault_in_a_golden_lead_is_told_at_its_place(golden: str, message: str) -> None:
    assert_only(f"{STAGES}golden:\n  - {golden}\n", message)


def test_faults_of_all_kinds_are_told_together_in_the_order_of_the_file() -> None:
    _, *found = told(
        """name: m
wen: 3
fields:
  title: {type: text}
  title: {type: txt}
  plan: {type: numbr}
scores:
  fit:
    groups:
      - name: G
        rules:
          - {name: a, when: {titel: {words: [ceo]}}, points: "5"}
          - {name: b, on: page_vew, within: 3 dayz, points: 1}
bands: {cold: 1}
golden:
  - {lead: {titl: x}, expect: {fit: 0}}
"""
    )
    assert [line.split(": ")[0] for line in found] == [
        "2:1",
        "5:3",
        "6:16",
        "12:30",
        "12:62",
        "13:27",
        "13:45",
        "14:1",
        "16:13",
    ]


def test_faults_of_plain_data_have_paths_instead_of_lines() -> None:
    with pytest.raises(ConfigError) as caught:
        load_model({"name": "m", "fields": {}, "scores": {"fit": {"groups": [{"name": "G"}]}}}, "tests")
    assert str(caught.value) == "tests: scores.fit.groups[1].rules: `rules` is missing (add `rules:`)"
