"""A backup that is put back brings nobody back who was erased since, and its files hold no byte of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.jobs.privacy import forget
from leadscore.jobs.sync import sync
from leadscore.store.backup import backup, restore
from leadscore.store.database import open_store
from leadscore.store.live_tables import erased, erased_salt
from tests.moves.town import BOOK, MINUTE, Town, town
from tests.moves.trace import EMAIL, MOVED, TITLE, found_in, lives_here


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(f"sqlite:///{tmp_path / 'store.db'}") as made:
        yield made


def put_back(place: Town, copy: Path) -> None:
    place.store.dispose()
    place.let_go()
    restore(str(place.store.url), copy, place.now, force=True)
    place.store = open_store(str(place.store.url))


def test_a_backup_of_before_brings_no_erased_person_back(place: Town, tmp_path: Path) -> None:
    who = lives_here(place)
    backup(str(place.store.url), tmp_path / "copy.db")
    place.later()
    place.pull("people/gdpr-delete", id=who)
    place.live()
    put_back(place, tmp_path / "copy.db")
    assert found_in(place.store) == set()
    assert list(place.totals().values()) == [60]
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []
    sync(place.store, place.crm.reader, BOOK, place.now + MINUTE, full=True)
    assert len(place.living()) == 1


def test_two_restores_later_the_list_is_still_whole(place: Town, tmp_path: Path) -> None:
    who = lives_here(place)
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    backup(str(place.store.url), first)
    forget(place.store, who, place.now)
    backup(str(place.store.url), second)
    put_back(place, first)
    put_back(place, second)
    put_back(place, first)
    assert found_in(place.store) == set()
    assert len(place.rows(erased_salt)) == 1
    assert len(place.rows(erased)) == 3, "one id and two addresses"


def test_lists_with_different_salts_are_both_kept(place: Town, tmp_path: Path) -> None:
    """The store was lost, a new one was begun, and then an old copy turned up."""
    who = lives_here(place)
    forget(place.store, "neighbour@acme.example", place.now)
    backup(str(place.store.url), tmp_path / "copy.db")
    place.store.dispose()
    for path in tmp_path.glob("store.db*"):
        path.unlink()
    place.store = open_store(str(place.store.url))
    place.look()
    forget(place.store, MOVED, place.now)
    put_back(place, tmp_path / "copy.db")
    assert found_in(place.store) == set()
    assert len(place.rows(erased_salt)) == 2
    sync(place.store, place.crm.reader, BOOK, place.now + MINUTE, full=True)
    assert place.living() == set()
    assert who not in place.totals()


def test_somebody_new_under_an_erased_address_stays_in_a_newer_copy(place: Town, tmp_path: Path) -> None:
    who = lives_here(place)
    place.pull("people/gdpr-delete", id=who)
    place.live()
    place.later()
    new = place.person(EMAIL, TITLE)
    place.live()
    backup(str(place.store.url), tmp_path / "copy.db")
    put_back(place, tmp_path / "copy.db")
    assert new in place.living()
