"""Contacts get all their activities, whatever the order of the two files, and nothing is left behind on disk."""

import gzip
import random
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from connectors.files.join import people, stands_in_contact_order
from connectors.files.rejects import FileProblem, RejectedRow
from scoring.facts import Activity, Kind
from tests.connectors.files.reading import all_people, bench, sources

DAY = 86_400_000


def _files(path: Path, contacts: str, activities: str) -> tuple[Path, Path]:
    (path / "contacts.csv").write_text(contacts, encoding="utf-8")
    (path / "activities.csv").write_text(activities, encoding="utf-8")
    return path / "contacts.csv", path / "activities.csv"


def test_an_activity_keeps_the_details_that_its_type_has_or_a_model_names(tmp_path: Path) -> None:
    files = sources(
        *_files(
            tmp_path,
            "id\n1\n",
            "contact_id,type,occurred_at,id,form,url,plan,mood\n"
            "1,form_submission,1970-01-02,s1,Demo,https://a.example/x,,glad\n"
            "1,custom:trial,86400000.,,,,team,glad\n"
            "1,custom:trial,86400000,,,,team,glad\n"
            "1,email_open,1970-01-02T00:00:00.9999Z,,,,,\n",
        )
    )
    (person,), rejected = all_people(files)
    assert person.facts.activities == (
        Activity(Kind("form_submission", (("form", "Demo"), ("url", "https://a.example/x"))), DAY, "s1"),
        Activity(Kind("custom:trial", (("plan", "team"),)), DAY),
        Activity(Kind("email_open"), DAY + 999),
    )
    assert [row.line for row in rejected] == [3]
    assert files.activity_columns is not None
    assert files.activity_columns.ignored == ("mood",)


@pytest.mark.parametrize("order", ["as the contacts", "by time"])
def test_a_bad_activity_is_rejected_and_its_neighbours_count(tmp_path: Path, order: str) -> None:
    last = "1,email_open,1970-01-03,\n" if order == "by time" else ""
    files = sources(
        *_files(
            tmp_path,
            "id\n1\n2\n",
            "contact_id,type,occurred_at,form\n"
            "1,form_submision,1970-01-02,Demo\n"
            "1,form_submission,soon,Demo\n"
            "1,form_submission,1970-01-02,Demo\n"
            "2,,1970-01-02,Demo\n"
            "2,custom:,1970-01-02,Demo\n"
            "2,email_open,1970-01-02,\n" + last,
        )
    )
    found, rejected = all_people(files)
    assert stands_in_contact_order(files) == (order != "by time")
    assert [len(person.facts.activities) for person in found] == [1 + bool(last), 1]
    assert [(row.line, row.reason.split(";")[-1].strip()) for row in rejected] == [
        (2, 'did you mean "form_submission"'),
        (3, "write it as 2027-03-10T14:30:00Z or in epoch milliseconds"),
        (5, "no type: the cell is empty"),
        (6, 'name your own types "custom:NAME"'),
    ]


def test_an_activity_of_an_unknown_contact_is_rejected(tmp_path: Path) -> None:
    files = sources(
        *_files(
            tmp_path,
            "id,created\n1,\n2,broken\n3,\n",
            "contact_id,type,occurred_at\n1,call,5\n9,call,5\n2,call,5\n3,call,5\n,call,5\n",
        )
    )
    found, rejected = all_people(files)
    assert [len(person.facts.activities) for person in found] == [1, 1]
    reasons = sorted((Path(row.file).name, row.line, row.reason.split(" among")[0]) for row in rejected)
    assert reasons[:3] == [
        ("activities.csv", 3, 'no contact "9"'),
        ("activities.csv", 4, 'no contact "2"'),
        ("activities.csv", 6, 'no contact: the cell "contact_id" is empty'),
    ]
    assert [(name, line) for name, line, _ in reasons[3:]] == [("contacts.csv", 3)]


def test_a_contact_that_comes_twice_gets_its_activities_once(tmp_path: Path) -> None:
    files = sources(*_files(tmp_path, "id\na\nb\na\n", "contact_id,type,occurred_at\nb,call,5\na,call,5\na,call,5\n"))
    found, rejected = all_people(files)
    assert [(person.facts.id, len(person.facts.activities)) for person in found] == [("a", 2), ("b", 1)]
    assert [row.line for row in rejected] == [4]


@pytest.mark.parametrize("packed", [False, True])
def test_any_order_of_activities_gives_the_same_people(tmp_path: Path, packed: bool) -> None:
    draw = random.Random(7)
    ids = [f"c{draw.randrange(10**9)}" for _ in range(300)]
    lines = [f"{id},page_view,{draw.randrange(10**12)},/p{draw.randrange(5)}" for id in ids for _ in range(6)]
    contacts = "id\n" + "\n".join(ids) + "\n"
    head = "contact_id,type,occurred_at,url\n"
    sorted_files = sources(*_files(tmp_path, contacts, head + "\n".join(lines) + "\n"))
    assert stands_in_contact_order(sorted_files)
    expected = [(person.facts.id, sorted(person.facts.activities)) for person in all_people(sorted_files)[0]]
    draw.shuffle(lines)
    contacts_file, mixed = _files(tmp_path, contacts, head + "\n".join(lines) + "\n")
    if packed:
        mixed = tmp_path / "activities.csv.gz"
        mixed.write_bytes(gzip.compress((head + "\n".join(lines) + "\n").encode()))
    mixed_files = sources(contacts_file, mixed)
    assert not stands_in_contact_order(mixed_files)
    found, rejected = all_people(mixed_files)
    assert [(person.facts.id, sorted(person.facts.activities)) for person in found] == expected
    assert sum(len(acts) for _, acts in expected) == 1800
    assert rejected == []


def test_activities_in_any_order_wait_on_disk_and_leave_no_name_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temp"
    place.mkdir()
    for name in ("SQLITE_TMPDIR", "TMPDIR"):
        monkeypatch.setenv(name, str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    ids = range(200)
    text = "".join(f"{id},page_view,{at},/{at}{'x' * 4000}\n" for at in range(50) for id in ids)
    contacts = "id\n" + "".join(f"{id}\n" for id in ids)
    files = sources(*_files(tmp_path, contacts, "contact_id,type,occurred_at,url\n" + text))
    rejected: list[RejectedRow] = []
    tracemalloc.start()
    try:
        with bench() as db:
            for person in people(files, db, rejected.append):
                assert len(person.facts.activities) == 50
                assert list(place.iterdir()) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000, "40 MB of activities must not be in memory at once"
    assert (rejected, list(place.iterdir())) == ([], [])


@pytest.mark.parametrize("header", ["contact_id,type", "id,type,occurred_at", "when,what"])
def test_activities_without_their_three_columns_are_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(FileProblem, match=r"no column .*contact_id, type, occurred_at"):
        sources(*_files(tmp_path, "id\n1\n", header + "\n"))
