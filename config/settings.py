"""The settings of one installation: where the CRM and the store are, which models score, how carefully we write."""

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.defaults import shipped
from config.problems import ConfigError, Problem, did_you_mean

PREFIX = "LEADSCORE_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECRETS = ("hubspot_token", "database_url", "hubspot_client_secrets", "notify_secrets")


def _listed(value: object) -> object:
    return tuple(part for part in re.split(r"\s*[,\n]\s*", value.strip()) if part) if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Share = Annotated[float, Field(gt=0, le=1)]


class Settings(BaseSettings):
    """Read from the environment as `LEADSCORE_NAME`, else from `.env`; secrets also from the file that
    `LEADSCORE_NAME_FILE` names. `HUBSPOT_TOKEN` and `DATABASE_URL` need no prefix.

    `api_share` is our part of the account's calls of a day and of its searches. `write_untouched`: what
    subjects on which nothing ever matched get; None leaves them empty. `max_entries_per_day`: how many records a day
    may enter a lifecycle stage; 0: any number, as the fuse stops floods.

    The rest is read by `serve`, `worker` and `scheduler`. `public_url`: what HubSpot calls, as it calls it, with the
    path before `/webhooks/hubspot` if a proxy adds one; signatures are made over it. `hubspot_client_secrets`: of the
    app, the newest first, older ones while they are being replaced; none closes the door. `hubspot_webhook_v1`: takes
    the old signature where the new one is absent. `listen`: HOST:PORT. `web_threads` answer requests, `workers` score
    and write, per process. `poll_quick` and `poll_slow`: seconds between looks for what no webhook tells, while things
    move and when they are quiet. `reconcile_hours`: how often everything that changed is looked for.
    `least_disk_mb`: with less room beside a SQLite store the process calls itself not ready, and takes no webhooks.
    `most_waiting`: it takes none either while so many events wait to be acted upon.
    `metrics_listen`: HOST:PORT on which `worker` and `scheduler` show how they are; empty: nowhere. `keep_days`: for
    how long events that were acted upon are kept.

    Telling sales: `notify_url`: addresses to which notices are posted, https only; `notify_allow_loopback` also takes
    this machine, for development. `notify_secrets` sign the posts, each with all of them. `notify_fallback`: e-mail
    address of the owner who gets the tasks about leads without an active owner. `tasks_a_day`: how many one owner gets.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    hubspot_token: Annotated[
        SecretStr | None, Field(validation_alias=AliasChoices("LEADSCORE_HUBSPOT_TOKEN", "HUBSPOT_TOKEN"))
    ] = None
    hubspot_base_url: str = "https://api.hubapi.com"
    hubspot_api_version: Literal["v3", "2026-09"] = "v3"
    api_share: Share = 0.5
    database_url: Annotated[
        SecretStr, Field(validation_alias=AliasChoices("LEADSCORE_DATABASE_URL", "DATABASE_URL"))
    ] = SecretStr("sqlite:///leadscore.db")
    models: Listed = ()
    write_step: Annotated[int, Field(ge=1)] = 1
    write_untouched: Literal[0] | None = None
    max_entries_per_day: Annotated[int, Field(ge=0)] = 0
    free_domains: Listed = ()
    disposable_domains: Listed = ()
    business_domains: Listed = ()
    public_url: str = ""
    hubspot_client_secrets: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(_listed),
        Field(validation_alias=AliasChoices("LEADSCORE_HUBSPOT_CLIENT_SECRETS", "HUBSPOT_CLIENT_SECRETS")),
    ] = ()
    hubspot_webhook_v1: bool = False
    listen: str = "127.0.0.1:8000"
    web_threads: Annotated[int, Field(ge=1, le=64)] = 8
    workers: Annotated[int, Field(ge=1, le=16)] = 1
    poll_quick: Annotated[int, Field(ge=1)] = 30
    poll_slow: Annotated[int, Field(ge=1)] = 900
    reconcile_hours: Annotated[float, Field(gt=0, le=24 * 7)] = 6
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    least_disk_mb: Annotated[int, Field(ge=0)] = 200
    most_waiting: Annotated[int, Field(ge=1)] = 1_000_000
    notify_allow_loopback: bool = False
    notify_secrets: Annotated[
        tuple[SecretStr, ...],
        NoDecode,
        BeforeValidator(_listed),
        Field(validation_alias=AliasChoices("LEADSCORE_NOTIFY_SECRETS", "NOTIFY_SECRETS")),
    ] = ()
    notify_url: Listed = ()
    notify_fallback: str = ""
    tasks_a_day: Annotated[int, Field(ge=1, le=500)] = 20
    metrics_listen: str = ""
    keep_days: Annotated[int, Field(ge=4, le=3650)] = 14

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands in: it has joined `.env` and the environment already."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @field_validator("write_untouched", mode="before")
    @classmethod
    def _zero(cls, value: object) -> object:
        return 0 if value == "0" else value

    @field_validator("hubspot_token")
    @classmethod
    def _one_word(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not is_token(value.get_secret_value()):
            raise ValueError("is no token: it holds spaces or letters that no token has; copy it again")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        address = urlsplit(value)
        if value and (address.scheme not in ("http", "https") or not address.hostname or address.query):
            raise ValueError("is no address that HubSpot can call; write e.g. https://leads.example.com")
        return value.rstrip("/")

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not value:
            return value
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError("is no HOST:PORT; write e.g. 127.0.0.1:8000, or 0.0.0.0:8000 behind a proxy")
        return value

    @field_validator("notify_secrets")
    @classmethod
    def _signing(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in value:
            prefix, _, text = secret.get_secret_value().partition("_")
            try:
                length = len(base64.b64decode(text, validate=True))
            except ValueError:
                length = 0
            if prefix != "whsec" or not 24 <= length <= 64:
                raise ValueError("is no secret for signing: write whsec_ and 24 to 64 random bytes in base64")
        return value

    @field_validator("notify_url")
    @classmethod
    def _posted_to(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for url in value:
            try:
                address = urlsplit(url)
                sound = address.hostname and not address.username and address.port != 0
            except ValueError:
                sound = None
            here = info.data.get("notify_allow_loopback") and sound and address.hostname in LOOPBACK
            if not sound or not (address.scheme == "https" or here):
                raise ValueError("is no address to post to; write e.g. https://hooks.example.com/leads")
        if value and not info.data.get("notify_secrets", True):
            raise ValueError("needs NOTIFY_SECRETS, with which the posts are signed")
        return value

    @field_validator("notify_fallback")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+", value.strip()):
            raise ValueError("is no e-mail address; write that of an owner in the CRM")
        return value.strip().lower()

    @field_validator("hubspot_base_url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        address = urlsplit(value)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("is no web address; write e.g. https://api.hubapi.com")
        if address.scheme == "http" and address.hostname not in LOOPBACK:
            raise ValueError("would send the token unencrypted; write https://")
        return value.rstrip("/")


def load_settings(directory: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force in a directory (the working one). Raises ConfigError with every fault, each with the name
    of its variable; no message holds a secret."""
    place = directory or Path.cwd()
    given = dict(os.environ if environment is None else environment)
    written = _dotenv(place / ".env")
    values = {name: value for name, value in {**written, **given}.items() if value.strip()}
    problems = _misspelt(values)
    for field in SECRETS:
        problems += _read_secret(field, values, place)
    chosen = {name: values[name] for name in _variables() if name in values}
    try:
        plain = {_field_of(name): value for name, value in reversed(chosen.items())}
        settings = Settings.model_validate(plain)
    except ValidationError as error:
        problems += [_problem(detail, chosen) for detail in error.errors(include_url=False, include_input=False)]
    if problems:
        raise ConfigError(problems)
    return settings


def model_files(settings: Settings, directory: Path | None = None) -> tuple[Path, ...]:
    """The model files in their order: those that `LEADSCORE_MODELS` names (patterns allowed), else `models/*.yaml` by
    name, else the shipped b2b model. Raises ConfigError for a name that leads to no file."""
    place = directory or Path.cwd()
    found: list[Path] = []
    problems = []
    for name in settings.models:
        matching = sorted(place.glob(name)) if not Path(name).is_absolute() else [Path(name)]
        files = [path for path in matching if path.is_file()]
        if not files:
            problems.append(Problem(f"{PREFIX}MODELS", f"there is no file `{name}` in {place}", "correct the path"))
        found += [path for path in files if path not in found]
    if problems:
        raise ConfigError(problems)
    if settings.models:
        return tuple(found)
    own = sorted(path for ending in ("*.yaml", "*.yml") for path in (place / "models").glob(ending))
    return tuple(own) or (shipped("b2b"),)


def is_token(text: str) -> bool:
    """Whether a text can be a token at all."""
    return text.isascii() and text.isprintable() and not any(letter.isspace() for letter in text)


def secret_file(field: str, directory: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """The file in which a secret of `SECRETS` stands; None: it stands in a variable, or nowhere. Raises ConfigError."""
    place = directory or Path.cwd()
    values = {**_dotenv(place / ".env"), **(os.environ if environment is None else environment)}
    named = (values.get(f"{name}_FILE", "").strip() for name in (f"{PREFIX}{field.upper()}", field.upper()))
    file = next(filter(None, named), None)
    return place / file if file else None


def _dotenv(path: Path) -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(path), "this is not UTF-8 text", "save the file as UTF-8")]) from error
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error


def _variables() -> tuple[str, ...]:
    own = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return (*own, *(name.upper() for name in SECRETS))


def _field_of(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def _misspelt(values: Mapping[str, str]) -> list[Problem]:
    known = [*_variables(), *(f"{name}_FILE" for name in _variables() if _field_of(name) in SECRETS)]
    strangers = [name for name in values if name.startswith(PREFIX) and name not in known]
    return [
        Problem(name, "there is no such setting", hint) for name in strangers if (hint := did_you_mean(name, known))
    ]


def _read_secret(field: str, values: dict[str, str], place: Path) -> list[Problem]:
    """Puts the text of the file that `NAME_FILE` names under NAME."""
    problems = []
    for name in (f"{PREFIX}{field.upper()}", field.upper()):
        file = values.get(f"{name}_FILE")
        if file is None:
            continue
        if name in values:
            problems.append(Problem(name, f"is set, and {name}_FILE too", "remove one of them"))
            continue
        try:
            values[name] = (place / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "it is not UTF-8 text"
            problems.append(Problem(f"{name}_FILE", f"`{file}` cannot be read: {said}", "correct the path or the file"))
            continue
        if not values[name]:
            problems.append(Problem(f"{name}_FILE", f"`{file}` is empty", "put the secret into it"))
            del values[name]
    return problems


def _problem(detail: ErrorDetails, chosen: Mapping[str, str]) -> Problem:
    field = _field_of(str(detail["loc"][0]))
    own = f"{PREFIX}{field.upper()}"
    name = own if own in chosen or field.upper() not in chosen else field.upper()
    context = detail.get("ctx", {})
    said = str(context["error"]) if "error" in context else detail["msg"].replace("Input should", "should")
    shown = "" if field in SECRETS else f"`{chosen.get(name, '')}` "
    return Problem(name, f"{shown}{said}", "correct it in .env or in the environment")
