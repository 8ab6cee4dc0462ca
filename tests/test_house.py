"""The house: five packages, no circles, and nobody else's names."""

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"scoring", "connectors", "webhooks", "config", "leadscore"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names inside the wheel, built without network by the pinned build back end."""
    out = tmp_path_factory.mktemp("wheel")
    build = f"import hatchling.build; print(hatchling.build.build_wheel({str(out)!r}))"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_holds_exactly_the_five_packages(wheel: list[str]) -> None:
    top = {name.split("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == ROOMS


def test_the_wheel_carries_models_and_migrations(wheel: list[str]) -> None:
    assert "config/defaults/b2b.yaml" in wheel
    assert "config/defaults/minimal.yaml" in wheel
    assert any(name.startswith("leadscore/store/migrations/versions/") for name in wheel)


def test_no_installed_dependency_claims_one_of_our_names() -> None:
    claims = {
        (package.metadata["Name"], part.parts[0])
        for package in metadata.distributions()
        if package.metadata["Name"] != "leadscore"
        for part in package.files or ()
        if part.parts[0] in ROOMS
    }
    assert claims == set()


def test_the_import_rules_hold_and_notice_a_breach(tmp_path: Path) -> None:
    """The linter is green on the house and red on a copy in which scoring imports a connector."""
    linter = Path(sys.executable).with_name("lint-imports")
    assert subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True).returncode == 0
    for room in ROOMS:
        _copy(ROOT / room, tmp_path / room)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "scoring" / "breach.py").write_text("import connectors.errors\n")
    found = subprocess.run(
        [sys.executable, "-c", _LINT], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert "scoring imports nothing of ours BROKEN" in found.stdout, found.stdout + found.stderr


_LINT = """
import sys
sys.path.insert(0, ".")
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True))
"""


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*.py"):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path.read_text())


def test_no_module_imports_itself_in_a_circle() -> None:
    import grimp

    graph = grimp.build_graph(*sorted(ROOMS), cache_dir=None)
    cycles = [
        (module, target)
        for module in sorted(graph.modules)
        for target in sorted(graph.find_modules_directly_imported_by(module))
        if target != module
        and not target.startswith(f"{module}.")
        and not module.startswith(f"{target}.")
        and graph.find_shortest_chain(target, module) is not None
    ]
    assert cycles == []


def test_the_repository_names_no_package_registry() -> None:
    words = ("pypi" + ".org", "python" + "hosted.org", "registry" + ".npmjs")
    lists = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    tracked = [ROOT / name for name in lists.stdout.splitlines()]
    assert tracked
    found = [
        str(path)
        for path in tracked
        if path.is_file() and any(word in path.read_text(encoding="utf-8", errors="replace") for word in words)
    ]
    assert found == []
