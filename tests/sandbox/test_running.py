"""`leadscore sandbox` runs a portal, says how to use it, and ends when told to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests
import typer
from typer.testing import CliRunner

from leadscore.cli.sandbox import sandbox
from leadscore.sandbox import Sandbox

COMMAND = [sys.executable, "-c", "from leadscore.cli.sandbox import sandbox; import typer; typer.run(sandbox)"]


def test_the_command_serves_people_until_it_is_stopped(tmp_path: Path) -> None:
    arguments = [
        "--contacts",
        "20",
        "--seed",
        "4",
        "--port",
        "0",
        "--tier",
        "starter",
        "--as-of",
        "2027-01-15",
        "--json",
    ]
    with subprocess.Popen(
        [*COMMAND, *arguments, "--state", str(tmp_path / "p.db")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        facts = json.loads(running.stdout.readline())
        headers = {"Authorization": f"Bearer {facts['token']}"}
        search = requests.post(f"{facts['url']}/crm/v3/objects/contacts/search", json={}, headers=headers, timeout=10)
        summary = requests.get(f"{facts['url']}/_sandbox", timeout=10).json()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=10)
    assert search.json()["total"] == 20
    assert (summary["tier"], summary["clock"]["iso"]) == ("starter", "2027-01-15T00:00:00.000Z")
    assert facts["portal_id"] == summary["portalId"] == 147000001
    assert running.returncode == 0
    assert b"20 contacts" in told


def test_without_json_it_prints_how_to_use_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--contacts", "0", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path.parent,
    ) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().decode() for _ in range(5)]
        running.terminate()
        running.communicate(timeout=10)
    assert "http://127.0.0.1:" in lines[0]
    assert "147000001" in lines[1]
    assert "pat-na1-" in "".join(lines)
    assert running.returncode == 0


def test_the_same_command_serves_a_salesforce_with_its_keys(tmp_path: Path) -> None:
    arguments = ["--crm", "salesforce", "--contacts", "20", "--port", "0", "--as-of", "2027-01-15", "--json"]
    with subprocess.Popen(
        [*COMMAND, *arguments, "--state", str(tmp_path / "o.db")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        facts = json.loads(running.stdout.readline())
        form = {name: facts[name] for name in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
        token = requests.post(f"{facts['url']}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
        found = requests.get(
            f"{facts['url']}/services/data/v66.0/query",
            params={"q": "SELECT COUNT() FROM Lead"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        ).json()
        summary = requests.get(f"{facts['url']}/_sandbox", timeout=10).json()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=10)
    assert found["totalSize"] == facts["made"]["Lead"] > 0
    assert facts["organization_id"] == summary["organizationId"]
    assert running.returncode == 0
    assert b"Lead" in told


def test_a_salesforce_without_json_prints_its_keys() -> None:
    arguments = ["--crm", "salesforce", "--contacts", "0", "--port", "0"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().decode() for _ in range(4)]
        running.terminate()
        running.communicate(timeout=10)
    assert lines[0].startswith("A local Salesforce runs at http://127.0.0.1:")
    assert [line.split("  ")[1] for line in lines[1:]] == ["organization id", "client id", "client secret"]
    assert lines[1].split()[-1].startswith("00D")


def test_a_kept_salesforce_goes_on_where_it_stopped(tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        arguments = [
            "--crm",
            "salesforce",
            "--contacts",
            "5",
            "--port",
            "0",
            "--json",
            "--state",
            str(tmp_path / "o.db"),
        ]
        with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdout is not None
            made.append(json.loads(running.stdout.readline())["made"])
            running.terminate()
            running.communicate(timeout=10)
    assert made[0]["CampaignMember"] > 0
    assert made[1] == {}


def test_a_wrong_time_is_refused_with_a_sentence() -> None:
    app = typer.Typer()
    app.command()(sandbox)
    done = CliRunner().invoke(app, ["--as-of", "soon"])
    assert done.exit_code == 64
    assert "'soon' is no ISO 8601 time" in done.stderr


def test_a_taken_port_is_a_sentence(portal: Sandbox) -> None:
    app = typer.Typer()
    app.command()(sandbox)
    done = CliRunner().invoke(app, ["--contacts", "0", "--port", portal.url.rpartition(":")[2]])
    assert done.exit_code == 1
    assert "Choose another port" in done.stderr
