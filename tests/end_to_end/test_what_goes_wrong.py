"""What can go wrong for a user: a clear sentence each time, nothing lost, no traceback (`Desk.run` sees to it)."""

import socket
import textwrap
from pathlib import Path
from typing import Any

from tests.end_to_end.conftest import Desk

SIZE = 64 * 1024


def test_without_a_token_every_command_says_where_it_goes(desk: Desk) -> None:
    (desk.place / ".env").unlink()
    for words in (["sync"], ["doctor"], ["install"]):
        done = desk.run(*words)
        assert done.code == 1
        assert "HUBSPOT_TOKEN" in done.out + done.err


def test_a_wrong_token_is_told_apart_from_a_mangled_and_an_expired_one(desk: Desk) -> None:
    desk.dotenv(token="pat-na1-00000000-0000-4000-8000-000000000009")
    unknown = desk.run("sync")
    assert unknown.code == 1
    assert "token" in unknown.err.lower()
    desk.dotenv()
    desk.control("settings", {"token_expires_at": 1})
    expired = desk.run("sync")
    assert expired.code == 1
    assert "expired" in expired.err
    desk.dotenv(token="nonsense")
    mangled = desk.run("sync")
    assert mangled.code == 1
    assert "token" in mangled.err.lower()
    assert len({unknown.err, expired.err, mangled.err}) == 3


def test_no_network_says_what_was_not_reached(desk: Desk) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    desk.dotenv(url=closed)
    done = desk.run("sync")
    assert done.code == 1
    assert "127.0.0.1" in done.err
    assert "network" in done.err.lower() or "reach" in done.err.lower()


def test_a_broken_yaml_is_shown_with_line_and_column(desk: Desk) -> None:
    own_model(desk, "name: own\nscores: [\n")
    done = desk.run("plan")
    assert done.code == 64
    assert "models/own.yaml:3:1" in done.err


def test_a_model_with_missing_properties_still_works_and_doctor_says_which(peopled: Desk) -> None:
    own_model(
        peopled,
        """
        name: own
        fields:
          title: {type: text, hubspot: jobtitel}
          size: {type: number, hubspot: company.numberofemployes}
        scores:
          fit:
            groups:
              - name: All
                rules:
                  - {name: Boss, when: {title: {words: [ceo]}}, points: 10}
                  - {name: Size unknown, when: {size: {known: false}}, points: 1}
        """,
    )
    told = peopled.run("doctor").out
    assert "jobtitel" in told
    assert "Did you mean jobtitle?" in told
    assert "Did you mean numberofemployees?" in told
    assert peopled.run("sync").code == 0
    rules = {rule["rule"]: rule for rule in peopled.run("plan", "--json").lines()[0]["rules"]}
    assert rules["Boss"]["people"] == 0
    assert rules["Boss"]["flag"] == "never"
    assert rules["Size unknown"]["people"] == 150


def test_doctor_says_when_a_lifecycle_contradicts_the_portals_order(desk: Desk) -> None:
    text = (Path(__file__).parents[2] / "config" / "defaults" / "minimal.yaml").read_text(encoding="utf-8")
    lifecycle = """
        lifecycle:
          field: {hubspot: lifecyclestage}
          stages: {mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
          enter:
            - {stage: mql, when: {total: {at_least: 65}}}
            - {stage: sql, when: {total: {at_least: 35}}}
    """
    own_model(desk, text.split("lifecycle:")[0])
    with (desk.place / "models" / "own.yaml").open("a") as file:
        file.write(textwrap.dedent(lifecycle))
    told = desk.run("doctor")
    assert told.code == 1
    assert "the CRM has `sql` above `mql`" in told.out


def test_a_portal_without_contacts_is_no_error(desk: Desk) -> None:
    assert desk.run("sync").code == 0
    assert desk.run("install", "--yes").code == 0
    planned = desk.run("plan")
    assert planned.code == 0
    assert desk.run("apply", "--yes").code == 0
    nobody = desk.run("explain", "1")
    assert nobody.code == 1
    assert "leadscore sync" in nobody.err


def test_emoji_and_values_of_64_kilobytes_come_through_whole(desk: Desk) -> None:
    title = "CEO 🚀 " + "ü" * (SIZE - 10)
    (id,) = made(desk, [{"email": "long@corp.example", "jobtitle": title, "company": "🦄 Ünïcörn\x00 \u202egnp.exe"}])
    for words in (["sync"], ["install", "--yes"], ["apply", "--yes"]):
        assert desk.run(*words).code == 0, words
    (explained,) = desk.run("explain", "long@corp.example", "--json").lines()
    assert explained["id"] == str(id)
    assert explained["scores"]["fit"] == 20
    shown = desk.client().crm.contacts.basic_api.get_by_id(id, properties=["leadscore_reason", "jobtitle"]).properties
    assert shown["jobtitle"] == title
    assert shown["leadscore_reason"] == explained["reason"]
    assert len(shown["leadscore_reason"]) <= 250


def test_a_refused_row_is_parked_with_the_crms_words_and_its_neighbours_are_written(peopled: Desk) -> None:
    for words in (["sync"], ["install", "--yes"], ["plan", "--out", "p.plan"]):
        peopled.run(*words)
    contacts = peopled.client().crm.contacts.basic_api
    gone = contacts.get_page(limit=1).results[0].id
    contacts.archive(gone)
    done = peopled.run("apply", "p.plan", "--json")
    assert done.code == 2
    (report,) = done.lines()
    assert gone in report["missing"]
    assert report["written"] > 100
    assert report["rejected"] == report["skipped"] == []


def test_a_value_that_somebody_changed_since_the_plan_is_left_alone(peopled: Desk) -> None:
    for words in (["sync"], ["install", "--yes"], ["plan", "--out", "p.plan"]):
        peopled.run(*words)
    row = peopled.run("plan", "--json").lines()[1]["id"]
    peopled.control("people/edit", {"id": row, "properties": {"leadscore_total": "77"}})
    done = peopled.run("apply", "p.plan", "--json")
    assert done.code == 2
    (skipped,) = done.lines()[0]["skipped"]
    assert skipped["id"] == row
    assert skipped["found"] == "77"
    kept = peopled.client().crm.contacts.basic_api.get_by_id(row, properties=["leadscore_total"])
    assert kept.properties["leadscore_total"] == "77"


def test_a_damaged_plan_is_refused_whole(peopled: Desk) -> None:
    for words in (["sync"], ["install", "--yes"], ["plan", "--out", "p.plan"]):
        peopled.run(*words)
    plan = peopled.place / "p.plan"
    plan.write_bytes(plan.read_bytes()[:-2000])
    done = peopled.run("apply", "p.plan")
    assert done.code == 64
    assert "leadscore plan --out" in done.err
    assert not [one for one in peopled.control("journal?limit=10000")["entries"] if "batch/update" in one["path"]]


def own_model(desk: Desk, text: str) -> Path:
    """Puts a model of the user's own into place."""
    folder = desk.place / "models"
    folder.mkdir(exist_ok=True)
    path = folder / "own.yaml"
    lines = text.strip("\n").splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    path.write_text("\n".join(line[margin:] for line in lines) + "\n", encoding="utf-8")
    return path


def made(desk: Desk, people: list[dict[str, Any]]) -> list[int]:
    """Creates contacts through the official client; gives their ids."""
    batch = {"inputs": [{"properties": person, "associations": []} for person in people]}
    created = desk.client().crm.contacts.batch_api.create(batch)
    return [int(one.id) for one in created.results]
