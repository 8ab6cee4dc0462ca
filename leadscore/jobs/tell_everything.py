"""Tells sales everything that waits, for who has no service running."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from connectors.errors import ConnectorError
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.post import post
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.tell import tell


@dataclass(slots=True)
class ToldReport:
    """`tasks` made, `posts` taken, `digested`: left to the digest of the day, `void`: told to nobody, `dead`: given up,
    `later`: posts to be tried again."""

    tasks: int = 0
    posts: int = 0
    digested: int = 0
    void: int = 0
    dead: int = 0
    later: int = 0


def tell_everything(
    store: Engine, messenger: Messenger, book: Rulebook, clock: Callable[[], int], worker: str
) -> ToldReport:
    """Tells until nothing is ready now; what must wait is told by the next call. A CRM that cannot be asked keeps no
    post waiting; what it says is raised at the end: RetryLater, QuotaExhausted or AccessDenied."""
    whole = ToldReport()
    failure: ConnectorError | None = None
    try:
        while (told := tell(store, messenger, book, clock, worker)).all:
            whole.tasks += told.told
            whole.digested += told.digested
            whole.void += told.void
            whole.dead += told.dead
    except ConnectorError as error:
        failure = error
    while (posted := post(store, messenger, book, clock, worker)).all:
        whole.posts += posted.posted
        whole.void += posted.void
        whole.dead += posted.dead
        whole.later += posted.later
    if failure is not None:
        raise failure
    return whole
