"""The shipped models are sound, keep their promises, and say nothing that one would have to ask about."""

import re

import pytest

from config.defaults import SHIPPED, shipped
from config.golden_check import check_golden
from config.model_file import open_model
from config.tables import load_tables
from scoring.linter import lint
from scoring.rules import ActivityRule

AS_OF = 1_780_000_000_000


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_has_no_warnings_and_its_golden_leads_hold(name: str) -> None:
    model = open_model(shipped(name)).model
    assert lint(model) == ()
    results = check_golden(model, load_tables(), AS_OF)
    assert results
    assert [result.got for result in results if not result.holds] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_opened_mail_gives_no_points(name: str) -> None:
    model = open_model(shipped(name)).model
    rules = [rule for score in model.scores for group in score.groups for rule in group.rules]
    assert not [rule for rule in rules if isinstance(rule, ActivityRule) and "email_open" in rule.on]
    assert not [field for field in model.fields.values() if "open" in " ".join(field.places.get("hubspot", ()))]


def test_the_b2b_model_only_observes() -> None:
    lifecycle = open_model(shipped("b2b")).model.lifecycle
    assert lifecycle is not None
    assert lifecycle.mode == "observe"


def test_the_golden_leads_of_the_b2b_model_show_the_hot_the_cold_and_the_unwanted() -> None:
    model = open_model(shipped("b2b")).model
    totals = [golden.expect["total"] for golden in model.golden]
    assert {golden.expect["band"] for golden in model.golden} >= {"cold", "hot"}
    assert any(isinstance(total, int) and total < 0 for total in totals)


def test_the_minimal_model_is_short_and_explained() -> None:
    text = shipped("minimal").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 35
    assert len(re.findall("#", text)) >= 7
