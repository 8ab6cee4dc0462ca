"""A token that the portal refuses stops the calls of every process at once; a new one in its file starts them again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connectors.errors import TokenRefused
from leadscore.sandbox import serve
from tests.crash.levels import MODEL, Levels
from tests.faults.gateway import gateway
from tests.faults.rig import Rig, people, rig
from tests.serve.service import PUBLIC, SECRET, change, place, post, until
from webhooks.blueprint import PATH

OTHER = "pat-na1-0f0f0f0f-0000-4000-8000-000000000002"


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Rig]:
    """A rig whose token stands in a file."""
    with rig(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", people(5), token_file=True) as made:
        yield made


def refused(made: Rig) -> list[str]:
    """One step of every shift; what the refusals say."""
    said: list[str] = []
    for shift in made.steps:
        try:
            shift.step()
        except TokenRefused as error:
            said.append(str(error))
    return said


def test_after_a_refusal_no_process_calls_but_for_a_rare_probe_and_the_door_stays_open(filed: Rig) -> None:
    filed.hear("contact.propertyChange:level")
    filed.control("settings", {"token": OTHER})
    filed.edit(filed.ids[0], level="20")
    filed.delivered()
    began = time.monotonic()
    assert "Make a new one" in refused(filed)[0]
    for _ in range(5):
        filed.restart()
        assert refused(filed), "another process knows it from the store, and says the same"
    assert len(filed.way.since(began)) == 1
    assert post(filed.url.removesuffix(PATH), [change(int(filed.ids[1]), "x")]).status_code == 200
    # The file holds the new token: nobody restarts anything.
    (filed.directory / "token").write_text(OTHER + "\n")
    filed.settle()
    assert filed.totals()[filed.ids[0]] == "20"


def test_a_token_that_is_taken_again_is_found_by_the_probe(filed: Rig) -> None:
    """Somebody took it back in HubSpot by mistake, and gave it again; or HubSpot was wrong for a moment."""
    filed.hear("contact.propertyChange:level")
    good = filed.sandbox.token
    filed.control("settings", {"token": OTHER})
    filed.edit(filed.ids[0], level="20")
    filed.delivered()
    assert refused(filed)
    filed.control("settings", {"token": good})
    assert refused(filed), "not before a minute has passed"
    filed.pass_a_minute()
    filed.settle()
    assert filed.totals()[filed.ids[0]] == "20"
    assert not refused(filed)


def test_half_a_token_in_the_file_is_not_used(filed: Rig) -> None:
    for text in ("", "   \n", "two words"):
        (filed.directory / "token").write_text(text)
        assert filed.made.reader.account().id == str(filed.sandbox.portal_id)
    (filed.directory / "token").unlink()
    assert filed.made.reader.account().id == str(filed.sandbox.portal_id)


def test_processes_beside_each_other_stop_and_go_on_together(tmp_path: Path, database_url: str) -> None:
    with serve() as sandbox, gateway(sandbox.url) as way, place(tmp_path, database_url) as site:
        levels = Levels(sandbox)
        levels.begin(5, database_url)
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "levels.yaml").write_text(MODEL)
        (tmp_path / "token").write_text(sandbox.token)
        site.prepare(way.url, HUBSPOT_TOKEN="", HUBSPOT_TOKEN_FILE="token")
        _, said = site.start("serve", "--listen", "127.0.0.1:0")
        if database_url.startswith("postgresql"):
            site.start("worker")
        levels.tell(f"{said['url']}{PATH}", f"{PUBLIC}{PATH}", SECRET)
        levels.raise_one()
        until(lambda: levels.shown() == levels.levels)

        def troubles() -> str:
            answer = requests.get(f"{said['url']}/readyz", timeout=5)
            return " ".join(answer.json()["troubles"].values()) if answer.status_code == 200 else ""

        until(lambda: requests.get(f"{said['url']}/readyz", timeout=5).status_code == 200)
        levels.control("settings", {"token": OTHER})
        id = levels.raise_one()
        until(lambda: "HubSpot does not know this token" in troubles())
        began = time.monotonic()
        levels.raise_one()
        until(lambda: levels.control("webhooks")["waiting"] == 0)
        assert post(said["url"], [change(int(id), "x")]).status_code == 200
        assert way.since(began) == [], "from the refusal on nobody calls before there is another token"
        (tmp_path / "token").write_text(OTHER)
        until(lambda: levels.shown() == levels.levels)
