"""A CSV file is read row by row; a bad row is named with its line and never takes its neighbours along."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files.rejects import FileProblem
from connectors.files.rows import open_sheet
from tests.connectors.files.reading import all_rows


def _file(path: Path, content: bytes) -> Path:
    file = path / "export.csv"
    file.write_bytes(content)
    return file


def _ids(path: Path) -> list[str]:
    return [row.cells[0] for row in all_rows(path)[0]]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    file = _file(tmp_path, b"\xef\xbb\xbfid,name\r\n1,Ann\r\n2,Bo\r\n")
    assert open_sheet(file).header == ("id", "name")
    assert [row.cells for row in all_rows(file)[0]] == [["1", "Ann"], ["2", "Bo"]]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    file = _file(tmp_path, b'id,name\n1,"two\nlines"\n\n2,plain\n')
    assert [(row.line, row.cells[0]) for row in all_rows(file)[0]] == [(2, "1"), (5, "2")]


def test_emoji_and_every_script_come_through(tmp_path: Path) -> None:
    file = _file(tmp_path, "id,name\n1,🚀 代表 Ж\n".encode())
    assert all_rows(file)[0][0].cells[1] == "🚀 代表 Ж"


def test_a_cell_of_64_kb_and_more_is_read_whole(tmp_path: Path) -> None:
    value = "x" * 131_072
    assert all_rows(_file(tmp_path, f"id,name\n1,{value}\n".encode()))[0][0].cells[1] == value


def test_a_compressed_file_is_known_by_its_content(tmp_path: Path) -> None:
    file = _file(tmp_path, gzip.compress(b"id\n1\n2\n", mtime=0))
    assert _ids(file) == ["1", "2"]


def test_a_compressed_file_that_was_cut_off_says_so_after_what_is_left(tmp_path: Path) -> None:
    content = gzip.compress("id\n{}\n".format("\n".join(str(number) for number in range(50_000))).encode())
    file = _file(tmp_path, content[: len(content) // 2])
    with pytest.raises(FileProblem, match="damaged or was cut off"):
        all_rows(file)


def test_a_row_in_latin_1_is_rejected_and_its_neighbours_are_read(tmp_path: Path) -> None:
    file = _file(tmp_path, b"id,name\n1,Ann\n2,Ren\xe9 M\xfcller\n3,Bo\n")
    good, bad = all_rows(file)
    assert [row.cells[0] for row in good] == ["1", "3"]
    assert [row.line for row in bad] == [3]
    assert "0xE9" in bad[0].reason
    assert "WINDOWS-1252 (Latin-1)" in bad[0].reason
    assert "iconv -f WINDOWS-1252 -t UTF-8" in bad[0].reason


def test_cyrillic_bytes_are_not_called_latin_1(tmp_path: Path) -> None:
    people = "Иван Петрович Сидоров, Москва\nСергей Александрович Кузнецов, Санкт-Петербург\n".replace(",", " ")
    lines = "".join(f"{at},{name}\n" for at, name in enumerate(people.splitlines()))
    bad = all_rows(_file(tmp_path, b"id,name\n" + lines.encode("cp1251") * 5))[1]
    assert len(bad) == 10
    assert "WINDOWS-1251" in bad[0].reason


def test_a_row_in_latin_1_of_several_lines_is_one_rejected_row(tmp_path: Path) -> None:
    file = _file(tmp_path, b'id,name\n1,"Ren\xe9\nsecond line"\n2,Bo\n')
    good, bad = all_rows(file)
    assert ([row.cells[0] for row in good], [row.line for row in bad]) == (["2"], [2])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_utf_16_says_how_to_convert_it(tmp_path: Path, encoding: str) -> None:
    file = _file(tmp_path, "id,name\n1,Ann\n".encode(encoding))
    with pytest.raises(FileProblem, match=r"looks like UTF-(16|32).*iconv -f UTF-"):
        open_sheet(file)


def test_a_header_in_latin_1_stops_with_the_way_to_convert_it(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"header.*not UTF-8.*iconv"):
        open_sheet(_file(tmp_path, b"id,pr\xe9nom\n1,x\n"))


def test_a_quote_that_is_never_closed_costs_only_its_own_row(tmp_path: Path) -> None:
    file = _file(tmp_path, b'id,name,land\n1,"Acme Inc,US\n2,"Beta, Inc",DE\n3,Plain,FR\n')
    good, bad = all_rows(file)
    assert [row.cells[0] for row in good] == ["2", "3"]
    assert [(row.line, "quote" in row.reason) for row in bad] == [(2, True)]


def test_a_quote_that_swallows_the_rest_of_a_long_file_costs_only_its_own_row(tmp_path: Path) -> None:
    rest = "".join(f"{number},plain\n" for number in range(300_000))
    file = _file(tmp_path, f'id,name\nbad,"open\n{rest}'.encode())
    good, bad = all_rows(file)
    assert len(good) == 300_000
    assert [row.line for row in bad] == [2]


def test_a_quote_closed_by_a_later_row_gives_the_later_rows_back(tmp_path: Path) -> None:
    file = _file(tmp_path, b'id,name,land\n1,"Acme,US\n2,Beta,DE\n3,"Gamma",FR\n4,"x,US\n5,y,"\n6,z,FR\n')
    good, bad = all_rows(file)
    assert [row.cells[0] for row in good] == ["2", "3", "6"]
    assert [row.line for row in bad] == [2, 5, 6]


def test_too_few_and_too_many_cells_are_counted_in_the_reason(tmp_path: Path) -> None:
    file = _file(tmp_path, b"id,name\n1\n2,b,c\n3,d\n")
    good, bad = all_rows(file)
    assert [row.cells[0] for row in good] == ["3"]
    assert [(row.line, row.reason) for row in bad] == [
        (2, "1 cells where the header has 2"),
        (3, "3 cells where the header has 2"),
    ]


def test_a_nul_byte_costs_its_row(tmp_path: Path) -> None:
    good, bad = all_rows(_file(tmp_path, b"id,name\n1,a\0b\n2,c\n"))
    assert ([row.cells[0] for row in good], [row.line for row in bad]) == (["2"], [2])
    assert "NUL" in bad[0].reason


def test_a_cell_beyond_every_crm_is_rejected(tmp_path: Path) -> None:
    good, bad = all_rows(_file(tmp_path, b"id,name\n1," + b"x" * 1_100_000 + b"\n2,c\n"))
    assert ([row.cells[0] for row in good], bad[0].line) == (["2"], 2)
    assert "1,048,576" in bad[0].reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (b"PK\x03\x04 workbook", "Excel workbook"),
        (gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_what_is_no_csv_is_refused_with_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        open_sheet(_file(tmp_path, content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="does not exist"):
        open_sheet(tmp_path / "nowhere.csv")
    with pytest.raises(FileProblem, match="not a file"):
        open_sheet(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=8),
    bad=st.lists(st.sampled_from([b"x\n", b"1,2,3\n", b"\xff,a\n", b'"a"b,c\n', b"\0,c\n", b"\n"]), max_size=8),
)
def test_whatever_a_cell_holds_comes_back_between_any_bad_rows(
    tmp_path: Path, names: list[str], bad: list[bytes]
) -> None:
    content = b"id,name\n"
    for at in range(max(len(names), len(bad))):
        content += bad[at] if at < len(bad) else b""
        if at < len(names):
            text = io.StringIO()
            csv.writer(text, quoting=csv.QUOTE_ALL).writerow([at, names[at]])
            content += text.getvalue().encode()
    good, rejected = all_rows(_file(tmp_path, content))
    assert [row.cells for row in good] == [[str(at), name] for at, name in enumerate(names)]
    assert len(rejected) == sum(line != b"\n" for line in bad)


def test_a_header_name_is_found_in_any_case_but_not_twice(tmp_path: Path) -> None:
    sheet = open_sheet(_file(tmp_path, b"ID, Name ,name\n"))
    assert (sheet.column("id"), sheet.column("other")) == (0, None)
    with pytest.raises(FileProblem, match="more than once"):
        sheet.column("name")
