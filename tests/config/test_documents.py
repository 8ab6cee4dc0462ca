"""YAML becomes a tree with places, or one clear sentence."""

from decimal import Decimal
from pathlib import Path

import pytest

from config.documents import (
    Entries,
    Items,
    Word,
    find,
    mark_of,
    parse_document,
    plain_document,
    read_document,
    untangle,
)
from config.problems import ConfigError


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_document(text, "m.yaml")
    return str(caught.value)


def file_refused(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "m.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    return str(caught.value).replace(str(path), "m.yaml")


def test_keys_and_values_know_their_line_and_column() -> None:
    root = parse_document("a:\n  - b: 1\n  - {c: 2, d: 3}\n", "m.yaml").root
    assert mark_of(root, ("a",)).line == 1
    place = mark_of(root, ("a", 1, "d"))
    assert (place.line, place.column) == (3, 12)
    value = mark_of(root, ("a", 1, "d"), at_value=True)
    assert (value.line, value.column) == (3, 15)


def test_a_path_that_ends_nowhere_leads_to_the_nearest_place_above() -> None:
    root = parse_document("a:\n  b: 1\n", "m.yaml").root
    assert mark_of(root, ("a", "x", "y")).line == 1


def test_keys_stay_as_they_are_written() -> None:
    root = parse_document("{2..5: 3, 6..: 6, ..1: 1, 5: 2, 5.: 1, 007: 7, no: 1, true: 2}", "m.yaml").root
    assert isinstance(root, Entries)
    assert list(root.entries) == ["2..5", "6..", "..1", "5", "5.", "007", "no", "true"]


def test_values_follow_yaml_1_2() -> None:
    plain = untangle(parse_document("[no, yes, true, 010, 1.50, 2026-03-01, 12:30, ~, 0x10, 0o10]", "m.yaml").root)
    assert plain == ["no", "yes", True, 10, Decimal("1.50"), "2026-03-01", "12:30", None, 16, 8]


def test_the_text_of_a_number_is_kept_as_written() -> None:
    word = find(parse_document("a: 007", "m.yaml").root, "a")
    assert word == Word(7, "007")


def test_repeated_keys_are_all_told() -> None:
    document = parse_document("a: 1\nb: 2\na: 3\nb: 4\n", "m.yaml")
    assert [str(problem) for problem in document.problems] == [
        "m.yaml:3:1: `a` stands here twice (first in line 1)",
        "m.yaml:4:1: `b` stands here twice (first in line 2)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c", "m.yaml:1:5: this is not YAML: mapping values are not allowed here"),
        ("a:\n\t- x", "m.yaml:2:1: this is not YAML: a tab stands where YAML wants spaces"),
        ("a: 1\n---\nb: 2", "m.yaml:2:1: this is not YAML: a second document begins (---); put one document in a file"),
        ("a: \x01", "m.yaml:1:4: a control character (0x01) stands here (remove it)"),
        ("", "m.yaml: the file is empty (`leadscore model init` writes one to start from)"),
        ("# nothing\n", "m.yaml: the file is empty (`leadscore model init` writes one to start from)"),
    ],
)
def test_broken_yaml_is_one_sentence_with_its_place(text: str, told: str) -> None:
    assert refused(text) == told


def test_other_faults_of_the_text_are_collected() -> None:
    document = parse_document("a: !secret x\nb: .inf\n? [c]\n: 1\n<<: {d: 1}\n", "m.yaml")
    assert [(problem.line, problem.message.split(" ")[0]) for problem in document.problems] == [
        (1, "tags"),
        (2, "`.inf`"),
        (3, "a"),
        (5, "`<<`"),
    ]


def test_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path: Path) -> None:
    told = file_refused(tmp_path, "name: a\ntitle: Geschäftsführer\n".encode("latin-1"))
    assert told == "m.yaml:2:13: this is not UTF-8 text (byte 0xE4) (save the file with the encoding UTF-8)"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\n")
    assert untangle(read_document(path).root) == {"name": "a"}


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    assert "1,048,576" in file_refused(tmp_path, b"a: " + b"x" * 1_100_000)


def test_a_missing_file_and_a_directory_are_clear(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="is a directory; name a file"):
        read_document(tmp_path)


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    assert "unfolds to more than 200,000 values" in refused("\n".join(lines))


def test_an_alias_inside_itself_is_stopped() -> None:
    assert "nested more than 60 levels deep" in refused("a: &a [*a]")


def test_a_text_nested_a_thousand_levels_deep_is_refused() -> None:
    assert "nested" in refused("[" * 1000 + "]" * 1000)


def test_an_alias_stands_for_what_it_names() -> None:
    plain = untangle(parse_document("a: &w [x, y]\nb: *w\n", "m.yaml").root)
    assert plain == {"a": ["x", "y"], "b": ["x", "y"]}


def test_plain_data_has_no_lines_but_the_same_tree() -> None:
    text = "a: [1, 0.5, x, null, true]\nb: {5: 1}\n"
    plain = plain_document({"a": [1, 0.5, "x", None, True], "b": {5: 1}}, "m")
    root = parse_document(text, "m").root
    assert plain.root == root
    assert isinstance(find(plain.root, "a"), Items)
    assert str(plain.problem(("a", 1), "wrong")) == "m: a[2]: wrong"


def test_plain_data_of_a_strange_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"m: a\[1\]: a value of the kind object"):
        plain_document({"a": [object()]}, "m")
