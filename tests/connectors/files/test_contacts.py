"""Contacts come from our own field names, or from the headings of a CRM's export."""

from pathlib import Path

import pytest

from connectors.files.columns import find_columns
from connectors.files.rejects import FileProblem
from connectors.files.rows import open_sheet
from scoring.facts import Facts, Membership
from tests.connectors.files.reading import MODEL, all_people, sources


def _file(path: Path, text: str) -> Path:
    file = path / "contacts.csv"
    file.write_text(text, encoding="utf-8")
    return file


def _facts(path: Path, text: str, crm: str | None = None) -> list[Facts]:
    return [person.facts for person in all_people(sources(_file(path, text), crm=crm))[0]]


def test_our_field_names_head_the_columns(tmp_path: Path) -> None:
    (facts,) = _facts(tmp_path, "id,Title,industry,shoe size\n7,CEO,,44\n")
    assert facts == Facts(id="7", current={"title": "CEO"})


def test_hubspot_labels_and_internal_names_are_both_read(tmp_path: Path) -> None:
    labels = _facts(tmp_path, "Record ID,Job Title,Industry,Create Date\n7,CEO,Toys,2026-01-02 10:30\n", "hubspot")
    names = _facts(tmp_path, "hs_object_id,jobtitle,industry,createdate\n7,CEO,Toys,1767349800000\n", "hubspot")
    assert (
        labels == names == [Facts(id="7", created_at=1_767_349_800_000, current={"title": "CEO", "industry": "Toys"})]
    )


def test_the_company_speaks_first_where_it_has_a_value(tmp_path: Path) -> None:
    text = "id,industry,company.industry,deals.won\n1,Own,Firm,2\n2,Own,,\n3,Own, ,\n"
    found = [facts.current for facts in _facts(tmp_path, text, "hubspot")]
    assert found == [{"industry": "Firm", "won": "2"}, {"industry": "Own"}, {"industry": "Own"}]


def test_a_set_without_members_is_no_value(tmp_path: Path) -> None:
    (facts,) = _facts(tmp_path, "id,product_interest,other_interest\n1,; ;,Planning\n", "hubspot")
    assert facts.current == {"tags": "Planning"}


def test_salesforce_api_names_head_the_columns(tmp_path: Path) -> None:
    text = "Id,Title,Account.Industry,CreatedDate\n00Q1,CEO,Toys,2026-01-02T10:30:00.000+0000\n"
    (facts,) = _facts(tmp_path, text, "salesforce")
    assert facts == Facts(id="00Q1", created_at=1_767_349_800_000, current={"title": "CEO", "industry": "Toys"})


def test_columns_that_are_missing_or_not_read_are_named(tmp_path: Path) -> None:
    columns = find_columns(open_sheet(_file(tmp_path, "id,title,shoe size,old\n")), [MODEL], None, used=["old"])
    assert columns.missing == ("industry", "tags", "won")
    assert columns.ignored == ("shoe size",)


def test_with_a_column_of_lists_every_list_of_the_models_is_known(tmp_path: Path) -> None:
    first, second = _facts(tmp_path, "id,lists\n1,Newsletter; vips\n2,\n")
    assert first.memberships == (Membership("Customers", False), Membership("VIPs", True))
    assert second.memberships == (Membership("Customers", False), Membership("VIPs", False))


def test_without_a_column_of_lists_none_is_known(tmp_path: Path) -> None:
    assert _facts(tmp_path, "id\n1\n")[0].memberships == ()


def test_rows_without_id_with_a_repeated_id_or_an_unreadable_time_are_rejected(tmp_path: Path) -> None:
    text = "id,created\n1,2026-01-01\n ,2026-01-01\n2,last week\n1,2026-02-02\n3,\n"
    found, rejected = all_people(sources(_file(tmp_path, text)))
    assert [(person.facts.id, person.facts.created_at) for person in found] == [("1", 1_767_225_600_000), ("3", None)]
    assert [(row.line, row.reason.split(":")[0]) for row in rejected] == [
        (3, "no id"),
        (4, '"created" is no time'),
        (5, 'the id "1" was seen before, on line 2; that row is used'),
    ]


def test_a_rejected_row_does_not_use_up_its_id(tmp_path: Path) -> None:
    found, rejected = all_people(sources(_file(tmp_path, "id,created\n1,never\n1,2026-01-01\n")))
    assert ([person.facts.id for person in found], [row.line for row in rejected]) == (["1"], [2])


@pytest.mark.parametrize(
    ("header", "crm", "said"),
    [
        ("name,title", None, 'no column "id".*--crm hubspot'),
        ("name,title", "hubspot", 'no column "id" or "Record ID"'),
        ("name;id", None, "not separated by commas"),
        ("id,title,Title", None, 'column "title" more than once'),
        ("id,ID", None, 'column "id" more than once'),
    ],
)
def test_a_header_that_cannot_be_used_says_why(tmp_path: Path, header: str, crm: str | None, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        sources(_file(tmp_path, header + "\n"), crm=crm)


def test_a_repeated_column_that_nobody_reads_does_no_harm(tmp_path: Path) -> None:
    assert [facts.id for facts in _facts(tmp_path, "id,note,note\n1,a,b\n")] == ["1"]
