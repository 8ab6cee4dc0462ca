"""What is made to be expensive costs little, and whoever stands beside it does not notice."""

import json
import time
from pathlib import Path

import pytest

from config.model_file import parse_model
from config.problems import ConfigError
from leadscore.store import deliveries
from leadscore.store.database import reading
from scoring.engine import compile_models
from scoring.facts import Facts
from scoring.values import Tables
from tests.faults.rig import Rig
from tests.faults.test_notices import raw
from tests.serve.service import change

PATTERN = """
name: greedy
fields:
  title: {{type: text, hubspot: jobtitle}}
scores:
  fit:
    groups:
      - name: Title
        rules:
          - {{name: Odd, when: {{title: {{matches: '{pattern}'}}}}, points: 1}}
bands: {{cold: null, warm: 35, hot: 65}}
"""
TABLES = Tables(frozenset(), frozenset(), {})


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "([a-z]+)*[0-9]"])
def test_a_pattern_that_runs_away_elsewhere_takes_no_longer_than_its_text(pattern: str) -> None:
    model = parse_model(PATTERN.format(pattern=pattern), "greedy.yaml")
    scorer = compile_models((model,), TABLES)
    began = time.process_time()
    scorer(Facts(current={"title": "a" * 60_000 + "!"}), 1_800_000_000_000)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "(", "a{1000000}"])
def test_a_pattern_that_cannot_be_bounded_is_refused_with_its_place(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        parse_model(PATTERN.format(pattern=pattern), str(tmp_path / "greedy.yaml"))
    assert "greedy.yaml:" in str(told.value)


def test_deep_and_huge_bodies_cost_little_and_their_neighbours_go_on(lone: Rig) -> None:
    deep = b"[" * 100_000
    huge = json.dumps([change(int(lone.ids[0]), "x" * 2**20, 1), change(int(lone.ids[1]), "x", 2)]).encode()
    inner = (
        b'[{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}," + json.dumps(change(int(lone.ids[2]), "x", 3)).encode() + b"]"
    )
    digits = b'[{"eventId":' + b"9" * 1_000_000 + b"}]"
    keys = json.dumps([{f"k{number}": number for number in range(50_000)}]).encode()
    for id in lone.ids[:3]:
        lone.edit(id, level="30")
    for body in (deep, huge, inner, digits, keys):
        began = time.process_time()
        assert raw(lone, body) == 200
        assert time.process_time() - began < 0.5
    lone.settle()
    assert [lone.totals()[id] for id in lone.ids[:3]] == ["30"] * 3
    with reading(lone.store) as connection:
        states = deliveries.count_states(connection)
    assert "open" not in states
    assert states["dead"] == 4
