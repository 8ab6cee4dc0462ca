"""The commands, and a running service that is told of merges and erasures by real signed webhooks."""

import json
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, select

from leadscore.sandbox import Sandbox, serve
from leadscore.store.database import open_store, reading
from leadscore.store.tables import records
from tests.end_to_end.conftest import Desk
from tests.moves.trace import EMAIL, PHONE, TITLE, WORDS
from tests.serve.service import PUBLIC, SECRET, Place, place, stop, until

KINDS = ("creation", "deletion", "merge", "restore", "privacyDeletion", "propertyChange:jobtitle")


def pull(portal: Sandbox, path: str, **body: Any) -> Any:
    answer = requests.post(f"{portal.url}/_sandbox/{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def living(store: Engine) -> set[str]:
    r = records.c
    with reading(store) as connection:
        query = select(r.record_id).where(r.object == "contact", r.until.is_(None), r.read_at.is_not(None))
        return set(connection.execute(query).scalars())


def traces(directory: Path) -> set[str]:
    """Which of the words stand in any file of the directory."""
    haystack = b"\n".join(path.read_bytes() for path in directory.iterdir() if path.is_file()).lower()
    return {word for word in WORDS if word.encode() in haystack}


def begun(site: Place, portal: Sandbox) -> dict[str, Any]:
    """A service that hears of everything."""
    site.prepare(crm=portal.url, HUBSPOT_TOKEN=portal.token)
    site.bind()
    _, said = site.start("serve", "--listen", "127.0.0.1:0")
    names = [f"contact.{kind}" for kind in KINDS]
    secret, door = {"client_secret": SECRET}, f"{said['url']}/webhooks/hubspot"
    pull(portal, "webhooks", target_url=door, signed_url=f"{PUBLIC}/webhooks/hubspot", subscriptions=names, **secret)
    return said


def test_a_service_follows_a_merge_and_an_erasure_and_leaves_no_byte_in_its_files_and_logs(tmp_path: Path) -> None:
    with serve() as portal, place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as site:
        store = open_store(site.database)
        begun(site, portal)
        pull(portal, "forms", name="Request a demo")
        rows = [{"email": EMAIL, "jobtitle": TITLE}, {"email": "other@canary-mail.example", "phone": PHONE}]
        who, other = map(str, pull(portal, "people/import", rows=rows)["ids"])
        pull(portal, "people/submit-form", form="Request a demo", values={"email": EMAIL, "phone": PHONE})
        stays = str(pull(portal, "people/import", rows=[{"email": "neighbour@acme.example"}])["ids"][0])
        until(lambda: living(store) == {who, other, stays})
        new = str(pull(portal, "people/merge", primary=who, other=other)["id"])
        until(lambda: living(store) == {new, stays})
        assert "xanthippe" in traces(tmp_path)
        pull(portal, "people/gdpr-delete", id=new)
        until(lambda: living(store) == {stays})
        pull(portal, "webhooks/flush", hurry=True)
        store.dispose()
        assert [stop(process) for process in site.running] == [0]
        site.start("privacy", "scrub")
        until(lambda: traces(tmp_path) == set())


def test_the_commands_tell_and_erase_a_person(desk: Desk) -> None:
    desk.control("people/import", {"rows": [{"email": EMAIL, "jobtitle": TITLE}, {"email": "ana@acme.example"}]})
    assert desk.run("sync").code == 0
    told = desk.run("privacy", "report", EMAIL)
    assert (told.code, EMAIL in told.out, TITLE in told.out) == (0, True, True)
    held = json.loads(desk.run("privacy", "report", EMAIL, "--json").out)
    assert held["emails"] == [EMAIL]
    assert held["held"]["records"][0]["document"]["jobtitle"] == TITLE
    assert desk.run("privacy", "erase", EMAIL).code == 1, "nobody was there to say yes"
    assert "xanthippe" in traces(desk.place)
    done = desk.run("privacy", "erase", EMAIL, "--yes", "--json")
    assert (done.code, json.loads(done.out)) == (0, {"records": 1, "addresses": 1, "clean": True})
    assert desk.run("privacy", "report", EMAIL).code == 1
    assert desk.run("privacy", "erase", EMAIL, "--yes").code == 1
    assert desk.run("sync", "--full").code == 0
    assert traces(desk.place) == set()
    assert desk.run("privacy", "scrub", "--json").lines() == [{"clean": True}]
