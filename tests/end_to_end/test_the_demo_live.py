"""The live part of `leadscore demo`: everything that it claims happens, and nothing of it is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from leadscore.cli.demo_portal import PortalView, Untrue
from leadscore.sandbox import generate, serve

SERVES = re.compile(r"It answers at (http://127\.0\.0\.1:\d+)")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo at work, its temporary files in `tmp_path`, with settings around it that must not reach it."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    elsewhere = {"HUBSPOT_TOKEN": "pat-na1-of-another-portal", "LEADSCORE_HUBSPOT_BASE_URL": "http://127.0.0.1:9"}
    process = subprocess.Popen(
        [sys.executable, "-m", "leadscore", "demo", "--contacts", "80"],
        env=kept | elsewhere | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_lead_becomes_sql_falls_comes_back_and_a_loop_is_stopped(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    out, err = demo.communicate(timeout=400)
    assert demo.returncode == 0, err
    acts = [" ".join(act.split()) for act in re.split(r"\n== ", out[out.index("asks for a demo") :])]
    asks, answers, returns, loops = acts[:4]
    assert re.search(r"\+ *\d+\.\d s \d+ \w\d hot sql", asks), "the measured time until the portal shows SQL"
    assert "Lifecycle stage in HubSpot: lead -> salesqualifiedlead." in asks
    assert "A task for Mara Lindqvist" in asks
    assert "Told by a signed webhook" in asks
    assert "Found by looking: the pages, and the form itself." in asks
    assert re.search(r"\+ *\d+\.\d s 55 \w\d warm mql", answers), "the middle of the stage to which sales sends it"
    assert "salesqualifiedlead -> marketingqualifiedlead." in answers
    assert "the answer of Mara Lindqvist" in answers
    assert re.search(r"\+ *\d+\.\d s 79 \w\d hot sql", returns), "what is new counts in full: 12 and 12 points"
    assert "A second task for Mara Lindqvist" in returns
    assert re.search(r"after \d+ rounds leadscore stopped it", loops)
    assert "$ leadscore quarantine list" in loops
    assert "A month passes" in out
    assert "\x1b" not in out + err, "colours are for terminals"
    _is_gone(out, tmp_path)


def test_a_demo_that_is_told_to_stop_leaves_no_service_and_no_files(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if SERVES.search(line):
            break
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(60) == 128 + signal.SIGTERM
    _is_gone(said, tmp_path)


def _is_gone(said: str, tmp_path: Path) -> None:
    found = SERVES.search(said)
    assert found
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{found[1]}/healthz", timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_the_portal_does_not_bear_out_is_refused() -> None:
    with serve() as running:
        generate(running.portal, 1, 1)
        portal = PortalView(running.url, running.token)
        (lead,) = portal.leads()
        with pytest.raises(Untrue, match=r"it became SQL; after \d+ s the portal shows no score"):
            portal.watch(lead.id, time.monotonic(), lambda seen: seen.ours("stage") == "sql", "it became SQL", 0.2)
