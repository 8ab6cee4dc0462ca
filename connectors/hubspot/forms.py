"""Forms and everything that was ever submitted in them, newest first and each once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connectors.hubspot.answers import Refused, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.paths import SUBMISSIONS
from connectors.hubspot.records import next_page
from connectors.hubspot.windows import decode, encode
from connectors.protocol import Cursor, Page, SeenActivity, SeenForm

OVERLAP = 60 * 60_000
"""Submissions of the last hour before the newest known one are read again (ms), in case some arrived late."""

ACTIVE, TURN = 10, 10
"""A sparing look reads so many forms that were submitted last, and so many that it has not looked at for longest."""
LONGEST = 30 * 60_000
"""It leaves no form unread for longer than that (ms)."""

_KINDS = ["hubspot", "flow", "captured"]
_PAGE = 50


class _Place(msgspec.Struct, omit_defaults=True):
    """`marks`: the newest submission read of each finished form, `looked`: when it was last read to its end. `form` is
    the one in progress, `after` where its next page starts, `newest` what its mark will be."""

    marks: dict[str, int] = {}
    looked: dict[str, int] = {}
    form: str = ""
    after: str = ""
    newest: int = 0


def read_forms(client: Client) -> tuple[SeenForm, ...]:
    """All forms with the names that they have now, by GUID."""
    found: dict[str, str] = {}
    after: str | None = ""
    while after is not None:
        answer = client.call(client.forms.get_page, limit=100, after=after or None, form_types=_KINDS)
        found |= {str(form["id"]): str(form.get("name") or "") for form in rows_of(answer)}
        after = next_page(answer)
    return tuple(SeenForm(id, name) for id, name in sorted(found.items()))


def read_submissions(
    client: Client, cursor: Cursor | None, now: int, limit: int | None, *, sparing: bool = False
) -> Iterator[Page]:
    """The submissions of one form after the other. HubSpot gives them newest first and cannot filter by time, so each
    form is read until what is known; a form's mark moves only when it was read to that point, so that a cut loses
    nothing. Each form costs a call at least: with `sparing` some of many are left for the next time."""
    forms = read_forms(client)
    place = decode(cursor, _Place) if cursor is not None else _Place()
    place.looked = {form.id: place.looked[form.id] for form in forms if form.id in place.looked}
    untold: tuple[SeenForm, ...] = forms
    count = 0
    for form in _chosen(forms, place, now) if sparing else [form for form in forms if form.id >= place.form]:
        if form.id != place.form:
            place.form, place.after, place.newest = form.id, "", 0
        for activities in _form(client, form, place):
            count += len(activities)
            full = limit is not None and count >= limit
            if activities or untold:
                yield Page(encode(place), activities=activities, forms=untold, last=full)
                untold = ()
            if full:
                return
        place.looked[form.id] = now
    place.form, place.after, place.newest = "", "", 0
    yield Page(encode(place), forms=untold, last=True)


def _chosen(forms: Sequence[SeenForm], place: _Place, now: int) -> list[SeenForm]:
    """Whose turn it is, the one in progress first of all. A time of the future means that the clock was set back."""
    waited = {form.id: now - place.looked.get(form.id, 0) for form in forms}
    active = sorted(waited, key=lambda id: place.marks.get(id, 0), reverse=True)[:ACTIVE]
    longest = sorted(waited, key=lambda id: waited[id], reverse=True)[: ACTIVE + TURN]
    turn = [id for id in longest if id not in active][:TURN]
    overdue = (id for id, ms in waited.items() if ms < 0 or ms >= LONGEST or id == place.form)
    wanted = {*active, *turn, *overdue}
    return sorted((form for form in forms if form.id in wanted), key=lambda form: (form.id != place.form, form.id))


def _form(client: Client, form: SeenForm, place: _Place) -> Iterator[tuple[SeenActivity, ...]]:
    """The pages of one form that hold something new; moves `place` on before each is given out."""
    known = place.marks.get(form.id, -OVERLAP)
    following: str | None = place.after
    while following is not None:
        try:
            answer = client.get(SUBMISSIONS.format(form=form.id), limit=_PAGE, after=following or None)
        except Refused as gone:
            if gone.status != 404:
                raise
            return
        rows = [row for row in rows_of(answer) if isinstance(row.get("submittedAt"), int)]
        place.newest = max(place.newest, *(row["submittedAt"] for row in rows)) if rows else place.newest
        fresh = [row for row in rows if row["submittedAt"] >= known - OVERLAP]
        following = next_page(answer) if len(fresh) == len(rows) and rows else None
        if following is None:
            place.marks[form.id] = max(place.newest, place.marks.get(form.id, 0))
            place.after = ""
        else:
            place.after = following
        yield tuple(submission(form, row) for row in fresh)


def submission(form: SeenForm, row: Mapping[str, Any]) -> SeenActivity:
    """A submission in our words; who sent it is known by the e-mail typed in, nothing else. Fields that repeat
    (several ticks, several files) are joined by `;`."""
    answers: dict[str, list[str]] = {}
    for entry in row.get("values") or ():
        answers.setdefault(str(entry.get("name")), []).append(str(entry.get("value") or ""))
    told = {name: ";".join(value for value in values if value) for name, values in answers.items()}
    email = told.get("email", "").strip().lower() or None
    at = int(row["submittedAt"])
    details = {"form": form.name, "form_id": form.id} | {f"answer.{name}": text for name, text in told.items() if text}
    if row.get("pageUrl"):
        details["url"] = str(row["pageUrl"])
    id = f"{form.id}:{row['conversionId']}" if row.get("conversionId") else f"{form.id}:{at}:{email or ''}"
    return SeenActivity("form_submission", at, details, id, email=email)
