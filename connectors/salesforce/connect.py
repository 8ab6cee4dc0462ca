"""One Salesforce org opened: all that reads and writes, over one session and one budget."""

from dataclasses import dataclass

from connectors.budget import Budget, LocalBudget
from connectors.http import Patience, Time
from connectors.salesforce.client import VERSION, Client
from connectors.salesforce.collections import MOST
from connectors.salesforce.login import Credentials
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.stages import SalesforceStageWriter
from connectors.salesforce.tasks import SalesforceTaskWriter
from connectors.salesforce.writer import SalesforceWriter

_NO_BURST = 1_000_000


@dataclass(frozen=True, slots=True)
class SalesforceOrg:
    """The connectors of one org. `close` ends the kept connections."""

    reader: SalesforceReader
    writer: SalesforceWriter
    stages: SalesforceStageWriter
    tasks: SalesforceTaskWriter
    client: Client

    def close(self) -> None:
        self.client.close()


def connect(
    credentials: Credentials,
    url: str,
    *,
    version: str = VERSION,
    share: float = 0.5,
    budget: Budget | None = None,
    time: Time | None = None,
    patience: Patience | None = None,
    batch: int = MOST,
) -> SalesforceOrg:
    """Touches no network. `url` is the org's My Domain; `share` is our part of the org's daily calls, unless a `budget`
    is given that other processes share; `batch` is told in SalesforceWriter. Raises ValueError for an address or a
    version that cannot be one."""
    time = time or Time()
    # Salesforce limits calls a day, not calls a second.
    budget = budget or LocalBudget(tick=time.tick, wall=time.wall, share=share, burst=_NO_BURST)
    client = Client(credentials, budget, url, version, time, patience or Patience())
    return SalesforceOrg(
        SalesforceReader(client),
        SalesforceWriter(client, batch=batch),
        SalesforceStageWriter(client),
        SalesforceTaskWriter(client),
        client,
    )
