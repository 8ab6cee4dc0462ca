"""A sample that `leadscore trigger` sends is taken in as HubSpot's own would be."""

import json
import subprocess
import sys
from pathlib import Path

from tests.serve.service import Place, place


def run(site: Place, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadscore", "trigger", *words]
    return subprocess.run(command, cwd=site.directory, capture_output=True, text=True, timeout=60)


def test_a_sample_is_taken_in_once_and_its_repeat_is_known(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as site:
        site.bind()
        _, said = site.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        for event in ("contact.propertyChange", "contact.merge", "company.creation"):
            done = run(site, event, "--id", "123", "--times", "2", "--to", said["url"], "--json")
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            assert [(one["status"], json.loads(one["said"])) for one in answers] == [
                (200, {"new": 1}),
                (200, {"new": 0}),
            ]
            assert done.returncode == 0


def test_without_a_service_or_with_a_wrong_event_it_says_what_to_do(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as site:
        site.bind()
        nobody = run(site, "contact.creation", "--id", "1", "--to", "http://127.0.0.1:9")
        assert nobody.returncode == 1
        assert "Start `leadscore serve`" in nobody.stderr
        wrong = run(site, "contact.wedding", "--id", "1")
        assert wrong.returncode == 64
        assert "contact.propertyChange" in wrong.stderr
        assert run(site, "contact.privacyDeletion", "--id", "1").returncode == 64
