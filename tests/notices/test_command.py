"""`leadscore notices list` at the command line: what waits, what was given up and why, and what was told."""

import json
import sys
from pathlib import Path

import pytest

from leadscore import cli
from leadscore.jobs.dead_letters import dead_letters, retry
from tests.notices.desk import SECRET, desk

TASKS_PATH = r"/tasks/?$"


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["leadscore", *words])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    return capsys.readouterr().out


def test_notices_are_listed_and_what_was_given_up_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with desk(f"sqlite:///{tmp_path / 'leadscore.db'}") as sales:
        assert run(monkeypatch, capsys, "notices", "list", "--json") == ""
        ids = [sales.add(hubspot_owner_id="501") for _ in range(3)]
        sales.entered(ids[0])
        sales.portal.fault(method="POST", path=TASKS_PATH, status=400, count=3)
        assert sales.tell().dead == 1
        sales.entered(ids[1])
        assert sales.tell().told == 1
        sales.entered(ids[2])
        found = [json.loads(line) for line in run(monkeypatch, capsys, "notices", "list", "--json").splitlines()]
        assert {one["record"]: one["state"] for one in found} == {ids[0]: "dead", ids[1]: "done", ids[2]: "open"}
        shown = run(monkeypatch, capsys, "notices", "list")
        assert f"enters:sql by crm_task, contact {ids[0]}: given up: The CRM refuses the task: " in shown
        assert f"contact {ids[2]}: waits" in shown
        (letter,) = dead_letters(sales.store)
        assert (letter.sort, letter.what) == ("notice", f"contact {ids[0]}")
        assert retry(sales.store, [letter.id], sales.now) == 1
        assert sales.tell().told == 2
        assert len(sales.tasks()) == 3
        assert dead_letters(sales.store) == ()


def test_doctor_says_what_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with desk(f"sqlite:///{tmp_path / 'leadscore.db'}") as sales:
        monkeypatch.setenv("HUBSPOT_TOKEN", sales.portal.sandbox.token)
        monkeypatch.setenv("LEADSCORE_HUBSPOT_BASE_URL", sales.portal.sandbox.url)
        monkeypatch.setenv("LEADSCORE_API_SHARE", "1")
        monkeypatch.setenv("LEADSCORE_NOTIFY_FALLBACK", "nobody@example.com")
        told = doctor(monkeypatch, capsys)
        assert "look  notify: webhook, but LEADSCORE_NOTIFY_URL is empty" in told
        assert "look  notify: no active owner has the address nobody@example.com" in told
        monkeypatch.setenv("LEADSCORE_NOTIFY_FALLBACK", "mara.lindqvist@example.com")
        monkeypatch.setenv("LEADSCORE_NOTIFY_URL", "https://hooks.example.com")
        monkeypatch.setenv("NOTIFY_SECRETS", SECRET)
        told = doctor(monkeypatch, capsys)
        assert "OK    notify: mara.lindqvist@example.com gets the tasks" in told
        assert "is empty" not in told


def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What it says; the standing clock of the portal is a fault to it."""
    monkeypatch.setattr(sys, "argv", ["leadscore", "doctor"])
    with pytest.raises(SystemExit):
        cli.main()
    return capsys.readouterr().out
