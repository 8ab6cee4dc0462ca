"""`leadscore feedback` at the command line, over a store as a sync leaves it."""

import json
import sys
from pathlib import Path

import pytest

from config.model_file import parse_model
from connectors.protocol import Account, SeenAnswer, SeenFeedback, SeenRecord
from leadscore import cli
from leadscore.jobs.feedback import wilson
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.store.account import bind
from leadscore.store.database import open_store, writing
from scoring.values import Tables
from tests.store.seen import NOW, keep

MODEL = """
name: small
fields:
  title: {type: text, hubspot: jobtitle}
scores:
  fit:
    groups:
      - name: Role
        rules:
          - {name: Boss, when: {title: {is: CEO}}, points: 70}
          - {name: Cook, when: {title: {is: Cook}}, points: 40}
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: observe
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
feedback:
  field: {hubspot: leadscore_feedback}
  answers:
    - {answer: true_sql, label: "True SQL"}
    - {answer: unqualified, label: "Unqualified", points: -100, hold: lead}
"""


def person(id: str, title: str, answer: str = "") -> SeenRecord:
    given = (SeenAnswer(answer, NOW, "person", "7", "a note\x1b[31m"),) if answer else ()
    values = {"jobtitle": title, "leadscore_feedback": answer}
    return SeenRecord("contact", id, values, email=f"{id}@b.example", feedback=SeenFeedback(given, answer))


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve bosses of whom three were accepted, a refused cook, and five people whom nobody has judged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.yaml").write_text(MODEL)
    store = open_store(f"sqlite:///{tmp_path / 'leadscore.db'}")
    with writing(store) as connection:
        bind(connection, Account("hubspot", "1", "Acme", "sandbox", "UTC", ""), NOW)
    bosses = [person(f"b{n}", "CEO", "true_sql" if n < 3 else "unqualified") for n in range(12)]
    keep(store, *bosses, person("c", "Cook", "unqualified"))
    keep(store, *(person(f"n{n}", "CEO" if n else "Cook") for n in range(5)))
    rescore(store, Rulebook((parse_model(MODEL, "m"),), (MODEL,), Tables(frozenset(), frozenset(), {})), NOW)
    store.dispose()
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["leadscore", "feedback", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_answers_are_listed_with_who_gave_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(monkeypatch, capsys, "list", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(records) == 13
    assert {(one["answer"], one["hold"], one["author"]) for one in records} == {
        ("true_sql", None, "7"),
        ("unqualified", "lead", "7"),
    }
    code, out, _ = run(monkeypatch, capsys, "list")
    assert "c@b.example  Unqualified, held in lead by 7: a note" in out
    assert "\x1b" not in out


def test_the_worst_rule_comes_first_and_small_numbers_are_called_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(monkeypatch, capsys, "report", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["rule"], one["accepted"], one["refused"], one["small"]) for one in found] == [
        ("Cook", 0, 1, True),
        ("Boss", 3, 9, False),
    ]
    assert found[1]["interval"] == pytest.approx([0.0889, 0.5323], abs=1e-4)
    _, out, _ = run(monkeypatch, capsys, "report")
    assert "fit: Cook (small number)" in out
    assert "Boss (small" not in out


def test_a_sample_is_half_of_each_stage_and_the_same_for_the_same_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first, _ = run(monkeypatch, capsys, "report", "--sample", "3", "--json")
    _, again, _ = run(monkeypatch, capsys, "report", "--sample", "3", "--json")
    found = [json.loads(line) for line in first.splitlines()]
    assert [one["id"] for one in found] == [json.loads(line)["id"] for line in again.splitlines()]
    assert sorted(one["entered"] for one in found) == ["mql", "sql", "sql"]
    assert all(one["id"].startswith("n") and one["reason"] for one in found)


def test_a_release_is_said_once_and_not_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(monkeypatch, capsys, "release", "c@b.example", "--json")
    assert (code, json.loads(out)["released"]) == (0, "unqualified")
    code, _, err = run(monkeypatch, capsys, "release", "c@b.example")
    assert (code, "nothing to release" in err) == (1, True)
    code, _, err = run(monkeypatch, capsys, "release", "nobody@b.example")
    assert (code, "Nobody is known" in err) == (1, True)


def test_the_interval_of_a_share_stays_between_nothing_and_all() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
