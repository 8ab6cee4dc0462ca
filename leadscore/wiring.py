"""The only place where objects are put together: settings become models, a store and a CRM connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from config.model_file import read_models
from config.secret_file import SecretFile
from config.settings import Settings, is_token, load_settings, model_files, secret_file
from config.tables import load_tables
from connectors.budget import Limits
from connectors.errors import AccessDenied
from connectors.http import Patience, Time
from connectors.hubspot.connect import HubSpot, connect
from connectors.hubspot.fields import PREFIX
from connectors.hubspot.instants import next_midnight
from connectors.protocol import Installer, Reader, Writer
from connectors.signed_post import Poster, key_of
from leadscore.jobs.inbox import StoreInbox
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.access import StoreAccess
from leadscore.store.account import binding, bound
from leadscore.store.budget import StoreBudget
from leadscore.store.database import connect as connect_store
from leadscore.store.database import is_current, open_store, reading
from scoring.values import Tables
from webhooks.blueprint import PATH, DoorSettings
from webhooks.hubspot import Portal

CALL_PATIENCE = Patience(connect=5.0, read=20.0, total=25.0)
"""How long a service tries one call to the CRM: well within the leases under which it works, and the time that it has
for stopping."""

UNCONNECTED = (
    "There is no HubSpot token. Put HUBSPOT_TOKEN=pat-... into .env (in HubSpot: Development > Keys > Service keys), "
    "or try everything on a local portal with `leadscore demo`."
)


@dataclass(frozen=True)
class Parts:
    """What commands work with, each made when first asked for.

    Raises ConfigError for settings or models that cannot be used, StoreError for a store that cannot, AccessDenied
    where no token is set. Nothing here touches the network.
    """

    settings: Settings
    directory: Path
    patience: Patience | None = None

    @cached_property
    def tables(self) -> Tables:
        chosen = self.settings
        return load_tables(chosen.free_domains, chosen.disposable_domains, chosen.business_domains)

    @cached_property
    def model_paths(self) -> tuple[Path, ...]:
        return model_files(self.settings, self.directory)

    @cached_property
    def rulebook(self) -> Rulebook:
        models = read_models(self.model_paths)
        texts = tuple(path.read_text(encoding="utf-8") for path in self.model_paths)
        return Rulebook(tuple(models), texts, self.tables)

    @cached_property
    def crm(self) -> HubSpot:
        chosen = self.settings
        if chosen.hubspot_token is None:
            raise AccessDenied(UNCONNECTED)
        token = chosen.hubspot_token.get_secret_value()
        service = self.patience is not None
        shared = self._shared if service or is_current(self.store_address) else None
        return connect(
            token,
            url=chosen.hubspot_base_url,
            version=chosen.hubspot_api_version,
            share=chosen.api_share,
            budget=self._shared_budget(shared) if shared else None,
            patience=self.patience,
            sparing=service,
            access=StoreAccess(shared, self._token_now(token), Time().wall) if shared and service else None,
        )

    @cached_property
    def _shared(self) -> Engine:
        """Beside the store: what calls to the CRM of all processes have in common, and may be forgotten in a crash."""
        return connect_store(self.store_address, "NORMAL")

    def close(self) -> None:
        """Ends the connections to the CRM, and those that its calls have to the store."""
        if "crm" in self.__dict__:
            self.crm.close()
        if "_shared" in self.__dict__:
            self._shared.dispose()

    def _token_now(self, token: str) -> Callable[[], str]:
        """The token as it is now: one from a file may be replaced while a service runs."""
        file = secret_file("hubspot_token", self.directory)
        return SecretFile(file, token, is_token) if file else lambda: token

    def _shared_budget(self, store: Engine) -> StoreBudget:
        """The calls that all processes and commands have together, once there is a store."""
        budget = StoreBudget(store, wall=Time().wall, share=self.settings.api_share)
        with reading(store) as connection:
            found = binding(connection)
        if found is not None and budget.day_ends() is None:
            # A day that is used up before the CRM could be asked must still end at the account's midnight.
            budget.learn(Limits(day_ends=next_midnight(Time().wall(), found.account.time_zone)))
        return budget

    @property
    def reader(self) -> Reader:
        return self.crm.reader

    @property
    def writer(self) -> Writer:
        return self.crm.writer

    @property
    def messenger(self) -> Messenger:
        """A new one for each caller."""
        chosen = self.settings
        keys = tuple(key_of(secret.get_secret_value()) for secret in chosen.notify_secrets)
        poster = Poster(keys, allow_loopback=chosen.notify_allow_loopback)
        return Messenger(self.crm.tasks, poster, chosen.notify_url, chosen.notify_fallback, chosen.tasks_a_day)

    @property
    def installer(self) -> Installer:
        return self.crm.installer

    @property
    def policy(self) -> WritePolicy:
        return WritePolicy(write_step=self.settings.write_step, untouched=self.settings.write_untouched is not None)

    @property
    def door_address(self) -> str:
        """Where HubSpot reaches the door; on this machine only, as long as no public URL is set."""
        return (self.settings.public_url or f"http://{self.settings.listen}") + PATH

    def door(self, store: Engine) -> DoorSettings:
        """What the door must know. Raises StoreError if the store belongs to no account yet."""
        with reading(store) as connection:
            account = bound(connection).account
        models = self.rulebook.models
        named = (model.feedback.field.get(account.crm) for model in models if model.feedback is not None)
        answers = frozenset(name for name in named if name)
        feedback = answers | {f"{name}_note" for name in answers}
        secrets = tuple(secret.get_secret_value() for secret in self.settings.hubspot_client_secrets)
        portal = Portal(account.id, ours=lambda name: name.startswith(PREFIX), feedback=feedback)
        return DoorSettings(self.door_address, portal, secrets, self.settings.hubspot_webhook_v1)

    @property
    def store_address(self) -> str:
        """Where the store is; it may hold a password."""
        return _address(self.settings.database_url.get_secret_value(), self.directory)

    def inbox(self, ring: Callable[[], None] | None = None) -> StoreInbox:
        """What keeps the CRM's notices, and then calls `ring`; to be closed at the end."""
        chosen = self.settings
        least, most = chosen.least_disk_mb * 1_000_000, chosen.most_waiting
        return StoreInbox(self.store_address, least_free=least, most_open=most, ring=ring)

    @contextmanager
    def store(self, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> Iterator[Engine]:
        """The store, brought up to date; closed at the end. NORMAL: a power cut may take back the last moments."""
        engine = open_store(self.store_address, synchronous)
        try:
            yield engine
        finally:
            engine.dispose()


def _address(url: str, directory: Path) -> str:
    """A SQLite file with a relative path lies in the working directory of the settings, as all their paths do."""
    sort, found, path = url.partition(":///")
    if not found or not sort.startswith("sqlite") or Path(path).is_absolute():
        return url
    return f"{sort}:///{directory / path}"


def parts(directory: Path | None = None, patience: Patience | None = None) -> Parts:
    """The parts for a working directory, from its `.env` and the environment; `patience` is that of calls to the CRM
    of a service, None: a command's. All that work on one store share one budget of calls. Raises ConfigError."""
    place = directory or Path.cwd()
    return Parts(load_settings(place), place, patience)
