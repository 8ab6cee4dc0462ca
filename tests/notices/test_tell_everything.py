"""Without a service, one call tells everything that waits, and what must wait is left to the next."""

import pytest

from connectors.errors import RetryLater
from leadscore.jobs.tell_everything import ToldReport, tell_everything
from tests.notices.desk import HOUR, Desk, desk
from tests.notices.hooks import hooks

MODEL = """
notify:
  - {on: {enters: sql}, by: [webhook, crm_task], text: "{total} {link}"}
"""


def everything(sales: Desk) -> ToldReport:
    return tell_everything(sales.store, sales.messenger, sales.book, lambda: sales.now, "cli")


def test_one_call_tells_everything(database_url: str) -> None:
    with hooks() as hook, desk(database_url, MODEL, addresses=(hook.url,), a_day=25) as sales:
        sales.entered(*(sales.add(hubspot_owner_id="501") for _ in range(27)))
        assert everything(sales) == ToldReport(tasks=25, posts=27, digested=2)
        assert (len(sales.tasks()), len(hook.came)) == (25, 27)
        assert everything(sales) == ToldReport()


def test_a_crm_that_is_away_keeps_no_post_waiting(database_url: str) -> None:
    with hooks() as hook, desk(database_url, MODEL, addresses=(hook.url,)) as sales:
        sales.entered(sales.add())
        sales.portal.fault(method="POST", path=r"/tasks/?$", status=503, retry_after=40, count=1)
        with pytest.raises(RetryLater):
            everything(sales)
        assert (len(sales.tasks()), len(hook.came)) == (0, 1)
        sales.now += HOUR
        assert everything(sales) == ToldReport(tasks=1)
