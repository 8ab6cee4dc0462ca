"""Faults in conditions: each is told with its place and what to write instead."""

import pytest

from tests.config.faults import HEAD, SCORES, assert_only, in_rule

TEXT_OPERATORS = "contains, in, is, known, matches, not_in, starts_with, words"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{§titel: {words: [ceo]}}", "there is no field `titel` (did you mean title?)"),
        ("{§quux: {is: x}}", "there is no field `quux` (declare it under `fields`)"),
        ("{§submited: [Demo]}", "there is no field `submited` (did you mean submitted?)"),
        ("{title: {§wrds: [ceo]}}", "there is no operator `wrds` (did you mean words?)"),
        ("{title: {§xyz: 1}}", f"there is no operator `xyz` (known: {TEXT_OPERATORS})"),
        (
            "{title: {§at_least: 4}}",
            f"`at_least` does not go with a text (it goes with number; text has {TEXT_OPERATORS})",
        ),
        (
            "{email: {§has_any: [a]}}",
            "`has_any` does not go with an email (it goes with set; "
            "email has contains, domain, in, is, known, matches, not_in, starts_with, words)",
        ),
        ("{title: §CEO}", "`title` needs an operator (write {title: {is: CEO}})"),
        ("{title:§ }", "`title` needs an operator (write {title: {is: ...}})"),
        ("{title: §{}}", "`title` needs an operator"),
        ("{§words: [x]}", "`words` needs a field before it (write {title: {words: ...}})"),
        ("{out: §yes}", "`out` is a flag (write {out: true} or {out: false})"),
        ("{out: §{known: true}}", "`out` is a flag (write {out: true} or {out: false})"),
        ("{title: {known: §yes}}", "`known` takes true or false"),
        ("{title: {is: §[a, b]}}", "`is` takes one value (write `in` for a list)"),
        ("{title: {in: §[]}}", "the list of `in` is empty, so it can never hold"),
        ("{title: {in: [a, §[b]]}}", "`in` takes a flat list of values"),
        ("{title: {in: §{a: b}}}", "`in` takes a value or a list, not a mapping"),
        (
            "{title: {in: [a, §'  ']}}",
            "an empty value matches nothing (write {known: false} to ask for a missing value)",
        ),
        ("{title: {words: [ceo, §'&']}}", "`&` holds no letter or digit, so it is no word (use `contains`)"),
        (
            r"{title: {matches: §'(a)\1'}}",
            "this pattern cannot be used: invalid escape sequence: \\1 "
            "(back references are not supported; list the alternatives)",
        ),
        (
            "{title: {matches: §'(?=a)'}}",
            "this pattern cannot be used: invalid perl operator: (?= "
            "(look-ahead and look-behind are not supported; use `not` with a second condition)",
        ),
        ("{title: {matches: §'[a'}}", "this pattern cannot be used: missing ]: [a (patterns follow RE2)"),
        ("{title: {matches: §[a]}}", "`matches` takes one pattern as a quoted text"),
        ("{employees: {at_least: §many}}", "`many` is no number"),
        ("{employees: {at_least: §[1]}}", "`at_least` takes one number"),
        ("{employees: {in: [1, §x]}}", "`x` is no number"),
        ("{employees: {between: §[1]}}", "`between` takes two numbers (write between: [50, 500])"),
        ("{employees: {between: §[500, 50]}}", "`between` runs backwards (write between: [50, 500])"),
        ("{opened: {within: §3 dayz}}", "`dayz` is no unit of time (did you mean days?)"),
        ("{opened: {within: §3}}", "`3` is no duration (write 3 days, or another unit)"),
        ("{opened: {within: §0 days}}", "`within: 0 days` can never hold"),
        ("{opened: {within: §[1 day]}}", "`within` takes one duration (write e.g. 14 days)"),
        (
            "{opened: {between: §[60 days, 14 days]}}",
            "`between` takes the shorter age first (write between: [14 days, 60 days])",
        ),
        ("{opened: {between: [1 day, §x]}}", "`x` is no duration (write e.g. 14 days)"),
        ("{opened: {between: §1 day}}", "`between` takes two ages (write between: [14 days, 60 days])"),
        ("{email: {domain: §fre}}", "`fre` is no mail domain (did you mean free?)"),
        (
            "{email: {domain: §gmail}}",
            "`gmail` is no mail domain (write free, disposable or a list of domains)",
        ),
        (
            "{email: {domain: [a.example, §b]}}",
            "`b` is no mail domain (write e.g. rival.example.com; its subdomains belong to it)",
        ),
        ("{site: {query: §utm}}", "`query` takes names and values (write query: {utm_source: linkedin})"),
        ("{site: {query: {utm: §[a, b]}}}", "`utm` takes one value (join several with `any`)"),
        ("{list: §[VIP]}", "`list` asks for membership (write {list: {in: [Do not score]}})"),
        ("{list: {in: §[]}}", "the list of `in` is empty, so it can never hold (write a list of names)"),
        ("{submitted: §[]}", "the list of `submitted` is empty, so it can never hold (write a list of names)"),
        ("{any: §{out: true}}", "`any` takes a list of conditions"),
        ("{all: §[]}", "`all` takes a list of conditions"),
        ("{any: [{out: true}, {§ot: true}]}", "there is no field `ot` (did you mean out?)"),
        ("{not: {§ot: true}}", "there is no field `ot` (did you mean out?)"),
        ("§[{out: true}]", "a list alone is no condition (write {all: [...]} or {any: [...]})"),
        ("§out", "a condition is a mapping (write e.g. {title: {words: [ceo]}})"),
        ("§{}", "an empty condition says nothing"),
        (
            "{§total: {at_least: 5}}",
            "`total` is a result of scoring; only `enter` can ask for it (use a field here)",
        ),
        ("{§fit: {at_least: 5}}", "`fit` is a result of scoring; only `enter` can ask for it (use a field here)"),
    ],
)
def test_a_fault_under_when_is_told_at_its_place(condition: str, message: str) -> None:
    assert_only(in_rule(f"when: {condition}, points: 1"), message)


@pytest.mark.parametrize(
    ("types", "condition", "message"),
    [
        ("page_view", "{§form: {is: x}}", "the activity has no detail `form` (known: url, title, referrer)"),
        ("page_view", "{§urll: {path: /}}", "the activity has no detail `urll` (did you mean url?)"),
        ("[form_submission, page_view]", "{§form: {is: x}}", "the activity has no detail `form` (known: url)"),
        ("page_view", "{§answer.x: {is: x}}", "the activity has no detail `answer.x` (known: url, title, referrer)"),
        (
            "page_view",
            "{§employees: {at_least: 5}}",
            "`employees` is a field; `where` asks only for details of the activity "
            "(put it under another rule's `when`)",
        ),
        (
            "page_view",
            "{title: {§within: 3 days}}",
            "`where` asks for details; `within` is an age (write `within:` beside `on:`)",
        ),
        ("page_view", "{§list: {in: [a]}}", "the activity has no detail `list` (known: url, title, referrer)"),
        (
            "deal_won",
            "{amount: {§words: [x]}}",
            "`words` does not go with a number (it goes with email, text, url; "
            "number has above, at_least, at_most, below, between, in, is, known, not_in)",
        ),
    ],
)
def test_a_fault_under_where_is_told_at_its_place(types: str, condition: str, message: str) -> None:
    assert_only(in_rule(f"on: {types}, where: {condition}, points: 1"), message)


def test_an_unknown_activity_type_does_not_make_its_details_look_wrong() -> None:
    assert_only(
        in_rule("on: §form_submision, where: {form: {is: x}, answer.a: {is: b}}, points: 1"),
        "there is no activity type `form_submision` (did you mean form_submission?)",
    )


def test_a_field_of_an_unknown_type_does_not_make_its_conditions_look_wrong() -> None:
    text = in_rule("when: {plan: {at_least: 5}}, points: 1").replace("fields:\n", "fields:\n  plan: {type: §numbr}\n")
    assert_only(text, "`type` cannot be `numbr` (did you mean number?)")


ENTER = f"""{HEAD}{SCORES}bands: {{cold: null, hot: 5}}
grade: {{letter: {{of: fit, A: 5, B: null}}, digit: {{of: engagement, 1: 5, 2: null}}}}
lifecycle:
  stages: {{mql: {{hubspot: mql}}}}
  enter:
    - {{stage: mql, when: CONDITION}}
"""


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{§totl: {at_least: 5}}", "there is no field `totl` (did you mean total?)"),
        ("{§fitt: {at_least: 5}}", "there is no field `fitt` (did you mean fit?)"),
        ("{total: §5}", "`total` needs an operator (write {total: {at_least: 35}})"),
        (
            "{total: {§words: [x]}}",
            "`total` cannot be asked `words` (known: above, at_least, at_most, below, between, in, is, not_in)",
        ),
        ("{total: {at_least: §x}}", "`x` is no number"),
        ("{band: {§at_least: hot}}", "`band` cannot be asked `at_least` (known: in, is, not_in)"),
        ("{band: {is: §warm}}", "there is no band `warm` (known: cold, hot)"),
        ("{grade: {in: [A1, §D4]}}", "there is no grade `D4` (known: A1, A2, B1, B2)"),
    ],
)
def test_a_fault_under_enter_is_told_at_its_place(condition: str, message: str) -> None:
    assert_only(ENTER.replace("CONDITION", condition), message)


def test_faults_under_for_and_exclude_are_told_too() -> None:
    assert_only(
        f"{HEAD}{SCORES}for: {{§total: {{at_least: 5}}}}\n",
        "`total` is a result of scoring; only `enter` can ask for it (use a field here)",
    )
    text = ENTER.replace("CONDITION", "{total: {at_least: 5}}") + "  exclude: {any: [{§ot: true}]}\n"
    assert_only(text, "there is no field `ot` (did you mean out?)")
