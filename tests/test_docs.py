"""What the pages say holds: their models load, their golden leads hold, and their commands and options exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from config.defaults import shipped
from config.golden_check import check_golden
from config.model_file import load_model, read_models
from config.settings import Settings
from config.tables import load_tables
from connectors.hubspot.fields import our_fields
from leadscore.cli import app

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/models.md",
    "docs/admins.md",
    "docs/hubspot.md",
    "docs/reps.md",
)
AS_OF = 1_780_000_000_000


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _snippets() -> list[tuple[str, Any]]:
    """Every YAML block of every page, with the line on which it begins."""
    found = []
    for page in PAGES:
        text = _text(page)
        for block in re.finditer(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, block.start()) + 1
            found.append((f"{page}:{line}", YAML(typ="safe", pure=True).load(block[1])))
    return found


def _whole() -> list[tuple[str, Any]]:
    return [(place, read) for place, read in _snippets() if "scores" in read]


def _completed(part: Any) -> dict[str, Any]:
    """A piece of a model put where it belongs in the whole one of the page: rules into a group, sections at the top."""
    whole: dict[str, Any] = dict(_whole()[0][1])
    if isinstance(part, list):
        return whole | {
            "scores": {"fit": {"groups": [{"name": "Snippet", "rules": part}]}},
            "grade": None,
            "golden": [],
        }
    sections: dict[str, Any] = dict(part)
    return whole | sections


@pytest.mark.parametrize(("place", "written"), _whole(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_whole_model_loads_and_its_golden_leads_hold(place: str, written: Any) -> None:
    model = load_model(written, place)
    results = check_golden(model, load_tables(), AS_OF)
    assert results
    assert [result.got for result in results if not result.holds] == []


@pytest.mark.parametrize(("place", "written"), _snippets(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_piece_of_a_model_loads_where_it_belongs(place: str, written: Any) -> None:
    model = load_model({key: value for key, value in _completed(written).items() if value is not None}, place)
    assert model.scores


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Every `leadscore ...` of a page: in code spans, and in code blocks where a command can begin."""
    for page in PAGES:
        text = _text(page)
        fenced = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
        code = [*fenced.findall(text), *re.findall(r"^    .*", fenced.sub("", text), re.MULTILINE)]
        begun = re.compile(r"(?:^ *|\$ |&& )(?:\.venv/bin/)?(leadscore .*)", re.MULTILINE)
        lines = [part for block in code for line in block.split("&& ") for part in begun.findall(line)]
        spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", fenced.sub("", text))]
        for command in (*lines, *(span for span in spans if span.startswith("leadscore "))):
            yield page, re.split(r"\s#|\s{2,}|>>|\|", command)[0].split()


def _find(words: list[str]) -> tuple[Any, list[str]]:
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        assert name in command.commands, f"there is no command {name!r} in {' '.join(words)!r}"
        command = command.commands[name]
    return command, rest


def test_every_command_and_option_that_a_page_names_exists() -> None:
    named = list(_commands())
    assert {page for page, _ in named} >= {"README.md", "docs/models.md", "docs/admins.md"}
    for page, words in named:
        command, rest = _find([word for word in words if word != "..."])
        known = {option for param in command.params for option in param.opts} | {"--help"}
        for word in rest:
            option = word.partition("=")[0].rstrip(",.;")
            assert not option.startswith("--") or option in known, f"{page}: {' '.join(words)!r} has no {option}"


def test_every_command_is_told_in_the_readme() -> None:
    command: Any = typer.main.get_command(app)
    names = {*command.commands} - {"model"} | {f"model {name}" for name in command.commands["model"].commands}
    told = _text("README.md")
    assert [name for name in sorted(names) if f"leadscore {name}" not in told] == []


def test_every_setting_is_told_in_the_readme() -> None:
    told = _text("README.md")
    assert [name for name in Settings.model_fields if name.upper() not in told] == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", _text(page)):
            if "://" not in target:
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)`", _text(page)):
            assert name in targets, f"{page}: make {name}"


def test_the_admins_page_names_every_field_of_ours_as_it_is_made() -> None:
    told = _text("docs/admins.md")
    models = read_models([shipped("b2b")])
    made = [field for field in our_fields(models) if not field.word.startswith("score_")]
    assert [field.word for field in made if f"| {field.word} | `{field.name}` | {field.label} |" not in told] == []
