"""Model texts with one fault, whose place is marked by §."""

import pytest

from config.model_file import parse_model
from config.problems import ConfigError

HEAD = """name: m
fields:
  title: {type: text, hubspot: jobtitle}
  email: {type: email, hubspot: email}
  employees: {type: number, hubspot: numemployees}
  opened: {type: datetime, hubspot: hs_email_last_open_date}
  country: {type: country, hubspot: country}
  tags: {type: set, hubspot: tags}
  out: {type: flag, hubspot: hs_email_optout}
  site: {type: url, hubspot: hs_analytics_first_url}
"""
SCORES = "scores: {fit: {groups: []}, engagement: {groups: []}}\n"


def told(marked: str) -> list[str]:
    """What is wrong with a text: `LINE:COLUMN: message`, and first the place of the mark."""
    lines = marked.split("\n")
    place = next((f"{n}:{line.index('§') + 1}" for n, line in enumerate(lines, 1) if "§" in line), "")
    with pytest.raises(ConfigError) as caught:
        parse_model(marked.replace("§", ""), "m.yaml")
    return [place, *(str(problem).removeprefix("m.yaml:") for problem in caught.value.problems)]


def in_rule(text: str) -> str:
    """A model whose one rule has these keys beside its name."""
    return f"{HEAD}scores:\n  fit:\n    groups:\n      - name: G\n        rules:\n          - {{name: R, {text}}}\n"


def assert_only(marked: str, message: str) -> None:
    """The text has exactly this fault, at the mark."""
    place, *found = told(marked)
    assert found == [f"{place}: {message}"]
