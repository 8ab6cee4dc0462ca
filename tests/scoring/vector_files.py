"""Reads the files of worked-out cases into documents, facts and expected answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from scoring.facts import Activity, Answer, Facts, Membership, Value, activity
from tests.scoring.oracle_values import duration, read_instant

FOLDER = Path(__file__).parents[1] / "vectors"


class Case(NamedTuple):
    """One question and its answer; `expect` holds any keys of a score, and scores by their names."""

    name: str
    documents: Sequence[dict[str, Any]]
    facts: Facts
    as_of: int
    expect: Mapping[str, Any]


def load(name: str) -> Any:
    return YAML(typ="safe").load((FOLDER / name).read_text(encoding="utf-8"))


def instant(text: str) -> int:
    found = read_instant(text)
    assert isinstance(found, int), text
    return found


def maybe_instant(text: str | None) -> int | None:
    return None if text is None else instant(text)


def single_rules() -> list[Case]:
    """One score, one group, one rule; the rule's points are the score's."""
    file = load("single_rules.yaml")
    cases = []
    for vector in file["vectors"]:
        expect = dict(vector["expect"])
        expect["only"] = expect.pop("points")
        document = _single(file, vector)
        cases.append(Case(vector["case"], [document], facts_of(vector), instant(file["as_of"]), expect))
    return cases


def _single(file: Mapping[str, Any], vector: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: {"type": kind} for name, kind in file["fields"].items()}
    group: dict[str, Any] = {"name": "Only", "rules": [{"name": "Only rule", **vector["rule"]}]}
    if "group_limit" in vector:
        group["limit"] = vector["group_limit"]
    return {"name": "single", "fields": fields, "scores": {"only": {"groups": [group]}}}


def histories() -> list[Case]:
    """Whole models with what time, several models and sales answers do to them."""
    file = load("histories.yaml")
    cases = []
    for vector in file["vectors"]:
        named = vector.get("models")
        documents = [file["models"][name] for name in named] if named else [_single(file, vector)]
        at = instant(vector.get("as_of", file["as_of"]))
        cases.append(Case(vector["case"], documents, facts_of(vector), at, vector["expect"]))
    return cases


def golden_leads() -> list[Case]:
    """The golden leads of the example model."""
    document = load("example_model.yaml")
    as_of = instant("2026-06-01T12:00:00.000Z")
    cases = []
    for place, golden in enumerate(document["golden"], 1):
        acts = []
        for entry in golden.get("activities", []):
            ((kind, details),) = [(key, body) for key, body in entry.items() if key != "age"]
            texts = {name: str(text) for name, text in (details or {}).items()}
            acts.append(activity(kind, as_of - duration(entry["age"]), texts))
        facts = Facts(
            id=f"golden {place}",
            created_at=as_of - duration(golden.get("created", "200 days")),
            current={name: str(value) for name, value in golden["lead"].items()},
            activities=tuple(acts),
        )
        cases.append(Case(golden["lead"]["email"], [document], facts, as_of, golden["expect"]))
    return cases


def facts_of(vector: Mapping[str, Any]) -> Facts:
    return Facts(
        id=vector["case"],
        created_at=maybe_instant(vector.get("created")),
        current={name: str(text) for name, text in vector.get("lead", {}).items()},
        history=tuple(_value(entry) for entry in vector.get("history", [])),
        activities=tuple(_activity(entry) for entry in vector.get("activities", [])),
        memberships=tuple(_membership(entry) for entry in vector.get("lists", [])),
        answers=tuple(_answer(entry) for entry in vector.get("answers", [])),
    )


def _value(entry: Mapping[str, Any]) -> Value:
    return Value(
        entry["field"],
        entry["value"],
        maybe_instant(entry.get("at")),
        maybe_instant(entry.get("learned")),
        entry.get("source", 0),
    )


def _activity(entry: Mapping[str, Any]) -> Activity:
    apart = {"type", "occurred_at", "id", "learned"}
    details = {name: str(text) for name, text in entry.items() if name not in apart}
    return activity(
        entry["type"],
        instant(entry["occurred_at"]),
        details,
        id=entry.get("id"),
        learned_at=maybe_instant(entry.get("learned")),
    )


def _membership(entry: Mapping[str, Any]) -> Membership:
    return Membership(
        entry["list"], entry["member"], maybe_instant(entry.get("at")), maybe_instant(entry.get("learned"))
    )


def _answer(entry: Mapping[str, Any]) -> Answer:
    return Answer(entry["answer"], instant(entry["at"]), learned_at=maybe_instant(entry.get("learned")))
