"""Leads and Contacts, and what their own fields tell that they did: left a mailing list, could not be reached."""

from collections.abc import Iterator, Sequence

from connectors.protocol import Cursor, Needs, Page, SeenActivity
from connectors.salesforce.client import Client
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import BOUNCED, OPTED_OUT, PREFIXES
from connectors.salesforce.past import Past
from connectors.salesforce.records import Told, read_rows, told, wanted
from connectors.salesforce.sight import Sight
from connectors.salesforce.windows import Asked, changed


def read_records(
    client: Client, past: Past, object: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None
) -> Iterator[Page]:
    """Leads, Contacts or Accounts that changed."""
    asked = wanted(Sight(client), needs, object)
    for piece in changed(client, Asked(asked.columns, object), cursor, now, limit):
        yield _page(told(past, asked, piece.rows), needs, piece.cursor, piece.last, piece.remaining)


def fetch_records(client: Client, past: Past, object: str, ids: Sequence[str], needs: Needs) -> Page:
    asked = wanted(Sight(client), needs, object)
    prefix = next(prefix for prefix, name in PREFIXES.items() if name == object)
    return _page(told(past, asked, read_rows(client, asked, ids, prefix)), needs, "", True, None)


def _page(found: Sequence[Told], needs: Needs, cursor: Cursor, last: bool, remaining: int | None) -> Page:
    activities = tuple(activity for one in found for activity in _acts(one, needs.activities))
    return Page(cursor, tuple(one.record for one in found), activities, last=last, remaining=remaining)


def _acts(one: Told, types: frozenset[str]) -> Iterator[SeenActivity]:
    """A bounce has its own time; when somebody opted out, only a tracked history tells."""
    object, id = one.record.object, one.record.id
    bounced = instant(one.row.get(BOUNCED)) if "email_bounce" in types else None
    if bounced is not None:
        yield SeenActivity("email_bounce", bounced, {}, f"{BOUNCED}:{id}:{bounced}", object, id)
    if "unsubscribe" not in types:
        return
    for row in one.past.get(OPTED_OUT, ()):
        at = instant(row["CreatedDate"])
        if at is not None and str(row["NewValue"]).lower() == "true":
            yield SeenActivity("unsubscribe", at, {}, f"{OPTED_OUT}:{id}:{at}", object, id)
