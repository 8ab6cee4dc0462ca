"""`leadscore score` turns an export into explained scores: on the screen, as JSON lines, and in its exit code."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from config.model_file import read_model
from scoring.values import write_instant
from tests.cli.score_command import MODEL, run, scores, write

AS_OF = 1_780_315_200_000
KEYS = ["id", "model", "as_of", "scores", "adjustment", "total", "band", "grade", "stage", "next_change_at", "reason"]
KEYS += ["contributions", "unreadable"]


def _one(path: Path, **cells: str) -> Path:
    return write(path / "contacts.csv", [{"id": "1", **cells}])


def test_the_golden_leads_score_from_files_as_they_do_in_the_model(tmp_path: Path) -> None:
    golden = read_model(MODEL).golden
    contacts = write(
        tmp_path / "contacts.csv",
        [
            {"id": at, "created": AS_OF - lead.created_age, "lists": ";".join(lead.lists), **lead.lead}
            for at, lead in enumerate(golden)
        ],
    )
    done = [
        {"contact_id": at, "type": what.type, "occurred_at": write_instant(AS_OF - what.age), **what.details}
        for at, lead in enumerate(golden)
        for what in lead.activities
    ]
    activities = write(tmp_path / "activities.csv", done[::-1])
    found = scores(tmp_path, "--contacts", contacts, "--activities", activities, "--as-of", AS_OF)
    assert list(found) == [str(at) for at in range(len(golden))]
    for lead, record in zip(golden, found.values(), strict=True):
        shown = {**record, **record["scores"]}
        assert {name: shown[name] for name in lead.expect} == dict(lead.expect)
        assert sum(line["points"] for line in record["contributions"]) == record["total"]


def test_a_json_line_has_exactly_the_promised_keys(tmp_path: Path) -> None:
    record = scores(tmp_path, "--contacts", _one(tmp_path, title="CEO", employees="many"), "--as-of", "2026-06-01")["1"]
    assert list(record) == KEYS
    assert record["as_of"] == "2026-06-01T00:00:00.000Z"
    assert record["next_change_at"] is None
    assert record["stage"] is None
    assert record["unreadable"] == ["employees"]
    assert record["contributions"] == [
        {
            "kind": "rule",
            "score": "fit",
            "group": "Role",
            "rule": "Decision maker",
            "points": 20,
            "evidence": {"title": "CEO"},
        }
    ]


def test_the_screen_shows_the_best_leads_and_how_scores_spread_in_80_columns(tmp_path: Path) -> None:
    titles = ["CEO", "Manager", "Student [b]", "VP 🚀 \x1b[31m"]
    contacts = write(
        tmp_path / "contacts.csv",
        [{"id": f"c{at}", "title": titles[at % 4], "industry": ["Technology", ""][at % 3 > 0]} for at in range(40)],
    )
    done = run(tmp_path, "--contacts", contacts, "--top", "3")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    listed = lines[: lines.index("Total")]
    assert [line.split()[:2] for line in listed if line[:1].isdigit()] == [["1", "35"], ["2", "35"], ["3", "35"]]
    assert "Decision maker (CEO), Technology industry (Technology). A3, 35." in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout
    assert "hot" in done.stdout
    assert "█" in done.stdout
    assert "contacts.csv: 40 scored, 0 rows rejected" in done.stderr


def test_an_output_that_knows_only_ascii_still_gets_a_picture(tmp_path: Path) -> None:
    contacts = write(tmp_path / "contacts.csv", [{"id": "ü", "title": "CEO 🚀", "email": "zoë@acme.example"}])
    done = run(tmp_path, "--contacts", contacts, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "?  zo?@acme.example" in done.stdout
    assert "####" in done.stdout


def test_the_first_model_that_is_for_a_lead_scores_it_and_without_one_there_is_no_score(tmp_path: Path) -> None:
    students = tmp_path / "students.yaml"
    students.write_text(
        "name: students\nfields: {title: {type: text, hubspot: jobtitle, salesforce: Title}}\n"
        "for: {title: {is: Student}}\n"
        "scores: {fit: {groups: [{name: All, rules: [{name: Any, when: {title: {known: true}}, points: 1}]}]}}\n"
    )
    contacts = write(tmp_path / "contacts.csv", [{"id": "1", "title": "student"}, {"id": "2", "title": "CEO"}])
    both = scores(tmp_path, "--contacts", contacts, "--as-of", AS_OF, models=[students, MODEL])
    assert [(record["model"], record["total"]) for record in both.values()] == [("students", 1), ("b2b", 20)]
    one = scores(tmp_path, "--contacts", contacts, "--as-of", AS_OF, models=[students])
    assert one["2"] == {
        **dict.fromkeys(KEYS),
        "id": "2",
        "as_of": write_instant(AS_OF),
        "scores": {},
        "adjustment": 0,
        "contributions": [],
        "unreadable": [],
    }
    done = run(tmp_path, "--contacts", contacts, models=[students])
    assert "1 scored, 1 that no model is for, 0 rows rejected" in done.stderr


def test_bad_rows_go_to_the_rejects_file_and_the_others_are_scored(tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_bytes(b"id,title\n1,CEO\n,CEO\n1,CEO\n2,Pr\xe9sident\n3,CEO\n")
    activities = write(
        tmp_path / "activities.csv",
        [
            {"contact_id": "3", "type": "form_submission", "occurred_at": "2026-05-31", "form": "Request a demo"},
            {"contact_id": "9", "type": "form_submission", "occurred_at": "2026-05-31", "form": "Request a demo"},
        ],
    )
    rejects = tmp_path / "rejects.csv"
    args = ("--contacts", contacts, "--activities", activities, "--as-of", "2026-06-01", "--json")
    done = run(tmp_path, *args, "--rejects", rejects)
    assert done.returncode == 2
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["id"], record["total"]) for record in records] == [("1", 20), ("3", 70)]
    with rejects.open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [(Path(row["file"]).name, row["line"]) for row in kept] == [
        ("contacts.csv", "3"),
        ("contacts.csv", "4"),
        ("contacts.csv", "5"),
        ("activities.csv", "3"),
    ]
    assert "WINDOWS-1252 (Latin-1)" in kept[2]["reason"]
    assert "2 scored, 4 rows rejected (see " in done.stderr
    on_stderr = run(tmp_path, *args)
    assert on_stderr.returncode == 2
    for row in kept:
        assert f"{row['file']}:{row['line']}: rejected: {row['reason']}" in on_stderr.stderr
    assert on_stderr.stdout == done.stdout


def test_a_hubspot_export_is_read_by_its_labels(tmp_path: Path) -> None:
    row = {"Record ID": "51", "Email": "a@gmail.com", "Job Title": "VP Sales", "Number of Sessions": "6"}
    contacts = write(tmp_path / "all-contacts.csv", [row])
    record = scores(tmp_path, "--contacts", contacts, "--crm", "hubspot")["51"]
    assert [line["rule"] for line in record["contributions"]][:2] == ["Decision maker", "Free mail address"]


def test_compressed_files_emoji_and_64_kb_values_score_like_any_other(tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.csv.gz"
    contacts.write_bytes(gzip.compress(f"id,title\n🚀,CEO 🚀 {'x' * 65_536}\n".encode()))
    record = scores(tmp_path, "--contacts", contacts)["🚀"]
    assert record["total"] == 20
    assert len(record["reason"]) <= 250


@pytest.mark.parametrize("args", [(), ("--json",), ("--compare", "title")])
def test_a_file_without_contacts_says_so_and_is_no_error(tmp_path: Path, args: tuple[str, ...]) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("id,title\n")
    done = run(tmp_path, "--contacts", contacts, *args)
    assert (done.returncode, done.stdout) == (0, "")
    assert "has a header and no contacts" in done.stderr


@pytest.mark.parametrize(
    ("content", "args", "said"),
    [
        (None, (), "does not exist"),
        (b"", (), "is empty"),
        (b"name\nAnn\n", (), 'has no column "id"'),
        ("id\n1\n".encode("utf-16"), (), "UTF-16"),
        (b"id\n1\n", ("--as-of", "tomorrow"), '--as-of "tomorrow" is no time'),
        (b"id\n1\n", ("--compare", "Old"), 'has no column "Old"'),
        (b"id,old\n1,high\n", ("--compare", "old"), "holds no numbers"),
        (b"id\n1\n", ("--rejects", "contacts.csv"), "one of the files to read"),
        (b"id\n1\n", ("--rejects", "no/such/place.csv"), "cannot be written"),
        (b"id\n1\n", ("--activities", "nowhere.csv"), "does not exist"),
        (b"id\n1\n", ("--model", "nowhere.yaml"), "nowhere.yaml"),
        (b"id\n1\n", ("--crm", "pipedrive"), "hubspot"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    tmp_path: Path, content: bytes | None, args: tuple[str, ...], said: str
) -> None:
    if content is not None:
        (tmp_path / "contacts.csv").write_bytes(content)
    done = run(tmp_path, "--contacts", "contacts.csv", *args)
    assert done.returncode == 64
    assert said in done.stderr
    assert "Traceback" not in done.stderr
