"""Activities from elsewhere name their person by record id or e-mail, and have the same id each time they are read."""

from pathlib import Path

import pytest

from connectors.files.imports import open_import, read_import
from connectors.files.rejects import FileProblem, RejectedRow
from connectors.protocol import SeenActivity
from tests.connectors.files.reading import bench


def _read(path: Path, text: str) -> tuple[list[SeenActivity], list[RejectedRow]]:
    file = path / "import.csv"
    file.write_text(text, encoding="utf-8")
    rejected: list[RejectedRow] = []
    with bench() as db:
        return list(read_import(open_import(file), db, rejected.append)), rejected


def test_a_person_is_named_by_record_id_or_else_by_email(tmp_path: Path) -> None:
    found, rejected = _read(
        tmp_path,
        "contact_id,email,type,occurred_at,id,name,seats\n"
        "7,Ann@Acme.example,event_attended,1970-01-02,w1,Webinar,3\n"
        ", Bo@Acme.example ,custom:upgrade,1970-01-02,w2,,3\n"
        ",,event_attended,1970-01-02,w3,Webinar,\n"
        "8,,event_atended,1970-01-02,w4,Webinar,\n"
        "8,,event_attended,someday,w5,Webinar,\n",
    )
    assert found == [
        SeenActivity(
            "event_attended", 86_400_000, {"name": "Webinar", "seats": "3"}, "import:w1", record_id="7", email=None
        ),
        SeenActivity("custom:upgrade", 86_400_000, {"seats": "3"}, "import:w2", email="bo@acme.example"),
    ]
    assert [row.line for row in rejected] == [4, 5, 6]


def test_without_ids_the_same_rows_have_the_same_ids_and_repeats_are_told_apart(tmp_path: Path) -> None:
    head = "email,type,occurred_at,name\n"
    row, other = "a@b.example,meeting,1970-01-02,Intro\n", "a@b.example,meeting,1970-01-02,Demo\n"
    first = [one.id for one in _read(tmp_path, head + row + row + other)[0]]
    again = [one.id for one in _read(tmp_path, head + other + row + row)[0]]
    assert len(set(first)) == 3
    assert set(first) == set(again)


def test_a_time_written_otherwise_is_the_same_activity(tmp_path: Path) -> None:
    head = "email,type,occurred_at\n"
    found = [
        _read(tmp_path, f"{head}{email},meeting,{time}\n")[0][0].id
        for email, time in [("a@b.example", "1970-01-02"), ("A@B.example", "86400000")]
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("header", ["type,occurred_at,name", "email,occurred_at", "contact_id,type"])
def test_a_file_without_the_needed_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(FileProblem, match="column"):
        _read(tmp_path, header + "\n")
