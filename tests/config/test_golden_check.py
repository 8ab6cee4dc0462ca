"""Golden leads are scored as the leads that they describe."""

from config.golden_check import check_golden
from config.model_file import parse_model
from config.tables import load_tables

AS_OF = 1_780_000_000_000
MODEL = """name: m
fields: {title: {type: text}}
scores:
  fit:
    groups:
      - name: G
        rules:
          - {name: VIP, when: {list: {in: [VIP]}}, points: 5}
          - {name: No partner, when: {not: {list: {in: [Partners]}}}, points: 1}
          - {name: Silent, on: visit, last: {older_than: 100 days}, points: -10}
          - {name: Visits, on: visit, points: 2, within: 30 days}
golden:
"""


def misses(golden: str) -> list[dict[str, int | str | None]]:
    results = check_golden(parse_model(f"{MODEL}  - {golden}\n"), load_tables(), AS_OF)
    return [dict(result.got) for result in results if not result.holds]


def test_lists_are_read_and_only_those_named_have_the_lead() -> None:
    assert misses("{lead: {}, created: 1 day, lists: [VIP], expect: {fit: 6}}") == []
    assert misses("{lead: {}, created: 1 day, lists: [Partners], expect: {fit: 0}}") == []
    assert misses("{lead: {}, created: 1 day, expect: {fit: 1}}") == []


def test_a_lead_is_two_hundred_days_old_unless_said() -> None:
    assert misses("{lead: {}, expect: {fit: -9}}") == []
    assert misses("{lead: {}, created: 99 days, expect: {fit: 1}}") == []


def test_activities_happened_their_age_ago_and_each_counts() -> None:
    visits = "[{visit: , age: 0 days}, {visit: , age: 0 days}, {visit: {}, age: 30 days}]"
    assert misses(f"{{lead: {{}}, activities: {visits}, expect: {{fit: 5}}}}") == []


def test_a_miss_tells_what_came_instead() -> None:
    assert misses("{lead: {}, created: 1 day, expect: {fit: 2, total: 1, stage: null}}") == [
        {"fit": 1, "total": 1, "stage": None}
    ]


def test_results_are_numbered_in_the_order_of_the_file() -> None:
    text = f"{MODEL}  - {{lead: {{}}, expect: {{fit: 7}}}}\n  - {{lead: {{}}, expect: {{fit: -9}}}}\n"
    results = check_golden(parse_model(text), load_tables(), AS_OF)
    assert [(result.number, result.holds) for result in results] == [(1, False), (2, True)]
