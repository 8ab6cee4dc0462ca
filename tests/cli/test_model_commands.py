"""`leadscore model ...` as an admin types it: what is printed where, and the exit code."""

import json
from pathlib import Path

import pytest

from config.defaults import shipped
from leadscore.cli import main

EXAMPLE = Path(__file__).parents[1] / "vectors" / "example_model.yaml"
MODEL = """name: m
fields: {title: {type: text, hubspot: jobtitle}}
scores:
  fit:
    groups:
      - name: Role
        limit: {max: 15}
        rules:
          - {name: Chief, when: {title: {words: [ceo]}}, points: 20}
golden:
  - {lead: {title: CEO}, expect: {fit: 20, total: 20}}
  - {lead: {title: Baker}, expect: {fit: 0}}
"""


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit code of a command."""
    monkeypatch.setattr("sys.argv", ["leadscore", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    code = caught.value.code
    assert isinstance(code, int)
    return code


def write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_a_sound_model_is_checked_without_a_word_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "check", str(shipped("b2b"))) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no errors, 0 warnings" in shown.err


def test_warnings_have_places_and_refuse_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "check", write("m.yaml", MODEL)) == 0
    assert capsys.readouterr().out == (
        "m.yaml:9:58: warning: `Chief` never gives its 20: the limit of group `Role` always cuts it to 15\n"
    )


def test_faults_of_all_files_are_printed_and_the_code_is_64(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write("a.yaml", MODEL.replace("title: {words", "titel: {words").replace("limit", "limt"))
    two = write("b.yaml", "name: [")
    assert run(monkeypatch, "model", "check", one, two, str(EXAMPLE)) == 64
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "a.yaml:7:9: `limt` is not known here (did you mean limit?)",
        "a.yaml:9:34: there is no field `titel` (did you mean title?)",
        "b.yaml:1:8: this is not YAML: while parsing a flow node expected the node content, but found '<stream end>'",
    ]
    assert "3 errors, 0 warnings" in shown.err


def test_models_that_clash_are_refused_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = write("a.yaml", MODEL), write("b.yaml", MODEL)
    assert run(monkeypatch, "model", "check", one, two) == 64
    assert "b.yaml:1:7: the name `m` belongs to a.yaml already" in capsys.readouterr().out


def test_a_check_as_json_names_models_errors_and_warnings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "check", "--json", write("m.yaml", MODEL), write("n.yaml", "nam: 1")) == 64
    shown = json.loads(capsys.readouterr().out)
    assert [model["name"] for model in shown["models"]] == ["m"]
    assert shown["warnings"][0] | {"message": ""} == {
        "file": "m.yaml",
        "line": 9,
        "column": 58,
        "path": "scores.fit.groups[1].rules[1].points",
        "message": "",
        "hint": "",
    }
    assert "did you mean name?" in [error["hint"] for error in shown["errors"]]


def test_golden_leads_that_hold_give_code_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "test", str(EXAMPLE)) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "7 of 7 golden leads as expected\n")


def test_a_golden_lead_that_misses_is_shown_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "test", write("m.yaml", MODEL)) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "golden lead 1 (CEO)",
        "  fit: expected 20, got 15",
        "  total: expected 20, got 15",
        "     +20  fit / Role / Chief",
        "      -5  limit of fit / Role",
        "      15  total",
    ]
    assert shown.err == "1 of 2 golden leads as expected\n"


def test_misses_as_json_have_their_ledger(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "model", "test", "--json", write("m.yaml", MODEL)) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["leads"] == 2
    (miss,) = shown["misses"]
    assert (miss["lead"], miss["expected"], miss["got"]) == (1, {"fit": 20, "total": 20}, {"fit": 15, "total": 15})
    assert [line["points"] for line in miss["contributions"]] == [20, -5]


def test_a_model_without_golden_leads_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "test", write("m.yaml", MODEL.split("golden")[0])) == 0
    assert "has no golden leads" in capsys.readouterr().out


def test_a_domain_that_this_installation_calls_free_counts_in_golden_leads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "name: m\nfields: {email: {type: email}}\n"
        "scores: {fit: {groups: [{name: G, rules: [{name: F, when: {email: {domain: free}}, points: -5}]}]}}\n"
        "golden: [{lead: {email: a@post.example}, expect: {fit: -5}}]\n"
    )
    assert run(monkeypatch, "model", "test", write("m.yaml", text)) == 1
    write(".env", "LEADSCORE_FREE_DOMAINS=post.example\n")
    assert run(monkeypatch, "model", "test", "m.yaml") == 0
    assert "1 of 1 golden leads as expected" in capsys.readouterr().err


def test_the_ways_into_each_stage_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "model", "paths", str(EXAMPLE)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["sql", "    70  Bottom of funnel form + Decision maker"]
    assert "    50  Bottom of funnel form" in lines
    assert run(monkeypatch, "model", "paths", "--json", str(EXAMPLE)) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["stage"], first["without_points"], first["paths"][0]["total"]) == ("sql", False, 70)
    assert first["paths"][0]["rules"][0] == {
        "score": "engagement",
        "group": "Forms",
        "rule": "Bottom of funnel form",
        "times": 1,
    }


@pytest.mark.parametrize("command", ["test", "paths"])
def test_a_faulty_file_stops_every_command_with_its_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(monkeypatch, "model", command, write("m.yaml", MODEL.replace("title: {words", "titel: {words"))) == 64
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "m.yaml:9:34: there is no field `titel` (did you mean title?)\n"


@pytest.mark.parametrize("content", [b"", "name: ä".encode("latin-1"), b"name: [", b"\x00"])
def test_a_file_that_cannot_be_read_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    Path("m.yaml").write_bytes(content)
    assert run(monkeypatch, "model", "check", "m.yaml") == 64
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 1
    assert shown.out.startswith("m.yaml:")
    assert "Traceback" not in shown.out + shown.err


def test_a_missing_file_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "model", "check", "none.yaml") == 64
    assert capsys.readouterr().out == "none.yaml: cannot be read: No such file or directory\n"


def test_what_a_file_holds_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MODEL.replace("words: [ceo]", 'wo\\u0072ds: [ceo], "\\e[31mred": 1')
    assert run(monkeypatch, "model", "check", write("m.yaml", text)) == 64
    assert "\x1b" not in capsys.readouterr().out


def test_the_schema_is_printed_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "model", "schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "leadscore model"
