"""One HubSpot account opened: all that reads and writes, over one session and one budget."""

from dataclasses import dataclass

from connectors.access import Access
from connectors.budget import Budget, LocalBudget
from connectors.http import Patience, Time
from connectors.hubspot.client import API, Client
from connectors.hubspot.installer import HubSpotInstaller
from connectors.hubspot.paths import OLD, Paths
from connectors.hubspot.reader import HubSpotReader
from connectors.hubspot.stages import HubSpotStageWriter
from connectors.hubspot.tasks import HubSpotTaskWriter
from connectors.hubspot.writer import HubSpotWriter


@dataclass(frozen=True, slots=True)
class HubSpot:
    """The connectors of one account. `close` ends the kept connections."""

    reader: HubSpotReader
    writer: HubSpotWriter
    installer: HubSpotInstaller
    stages: HubSpotStageWriter
    tasks: HubSpotTaskWriter
    client: Client

    def close(self) -> None:
        self.client.session.close()


def connect(
    token: str,
    *,
    url: str = API,
    version: str = OLD,
    share: float = 0.5,
    budget: Budget | None = None,
    time: Time | None = None,
    patience: Patience | None = None,
    access: Access | None = None,
    sparing: bool = False,
) -> HubSpot:
    """Touches no network. `version` is `v3` or a date such as `2026-09`; `share` is our part of the account's daily and
    search limits, unless a `budget` is given that other processes share; so is `access`, which then hands out the
    token. `sparing` is told in HubSpotReader. Raises ValueError for a token, address or version that cannot be one."""
    time = time or Time()
    budget = budget or LocalBudget(tick=time.tick, wall=time.wall, share=share)
    client = Client(token.strip(), budget, url, Paths(version), time, patience or Patience(), access)
    return HubSpot(
        HubSpotReader(client, sparing=sparing),
        HubSpotWriter(client),
        HubSpotInstaller(client),
        HubSpotStageWriter(client),
        HubSpotTaskWriter(client),
        client,
    )
