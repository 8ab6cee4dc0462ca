"""Settings come from the environment and `.env`; faults name the variable; secrets are never shown."""

import re
from pathlib import Path

import pytest

from config.defaults import SHIPPED, shipped
from config.problems import ConfigError
from config.settings import load_settings, model_files


def faults(directory: Path, environment: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(directory, environment)
    return [str(problem) for problem in caught.value.problems]


def test_without_any_setting_everything_has_a_sound_value(tmp_path: Path) -> None:
    found = load_settings(tmp_path, {})
    assert found.hubspot_token is None
    assert found.hubspot_base_url == "https://api.hubapi.com"
    assert found.hubspot_api_version == "v3"
    assert (found.api_share, found.write_step, found.write_untouched) == (0.5, 1, None)
    assert found.database_url.get_secret_value() == "sqlite:///leadscore.db"


def test_the_environment_speaks_before_the_file_and_the_long_name_before_the_short(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HUBSPOT_TOKEN=from-file\nLEADSCORE_WRITE_STEP=5\nLEADSCORE_API_SHARE=0.2\n")
    found = load_settings(tmp_path, {"LEADSCORE_WRITE_STEP": "7", "HUBSPOT_TOKEN": "short"})
    assert found.hubspot_token is not None
    assert found.hubspot_token.get_secret_value() == "short"
    assert (found.write_step, found.api_share) == (7, 0.2)
    long = load_settings(tmp_path, {"LEADSCORE_HUBSPOT_TOKEN": "long", "HUBSPOT_TOKEN": "short"})
    assert long.hubspot_token is not None
    assert long.hubspot_token.get_secret_value() == "long"


def test_lists_are_split_at_commas_and_zero_is_a_value(tmp_path: Path) -> None:
    found = load_settings(
        tmp_path, {"LEADSCORE_FREE_DOMAINS": "a.example, b.example,", "LEADSCORE_WRITE_UNTOUCHED": "0"}
    )
    assert found.free_domains == ("a.example", "b.example")
    assert found.write_untouched == 0


def test_an_empty_variable_is_no_value(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"HUBSPOT_TOKEN": "", "LEADSCORE_WRITE_STEP": " "}).hubspot_token is None


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pat-1\n")
    found = load_settings(tmp_path, {"HUBSPOT_TOKEN_FILE": "token"})
    assert found.hubspot_token is not None
    assert found.hubspot_token.get_secret_value() == "pat-1"


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    given = {"HUBSPOT_TOKEN": "pat-secret", "DATABASE_URL": "postgresql://u:secret@db/x"}
    assert "secret@" not in repr(load_settings(tmp_path, given))
    assert "pat-secret" not in repr(load_settings(tmp_path, given))
    told = faults(tmp_path, {"HUBSPOT_TOKEN": "pat secret"})
    assert told == [
        "HUBSPOT_TOKEN: is no token: it holds spaces or letters that no token has; copy it again "
        "(correct it in .env or in the environment)"
    ]


def test_every_fault_is_told_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    assert faults(
        tmp_path,
        {
            "LEADSCORE_WRIT_STEP": "3",
            "DATABASE_URL_FILE": "nowhere",
            "HUBSPOT_TOKEN_FILE": "empty",
            "LEADSCORE_HUBSPOT_BASE_URL": "http://crm.example",
            "LEADSCORE_HUBSPOT_API_VERSION": "v4",
            "LEADSCORE_API_SHARE": "2",
            "LEADSCORE_WRITE_STEP": "x",
        },
    ) == [
        "LEADSCORE_WRIT_STEP: there is no such setting (did you mean LEADSCORE_WRITE_STEP?)",
        "HUBSPOT_TOKEN_FILE: `empty` is empty (put the secret into it)",
        "DATABASE_URL_FILE: `nowhere` cannot be read: No such file or directory (correct the path or the file)",
        "LEADSCORE_HUBSPOT_BASE_URL: `http://crm.example` would send the token unencrypted; write https:// "
        "(correct it in .env or in the environment)",
        "LEADSCORE_HUBSPOT_API_VERSION: `v4` should be 'v3' or '2026-09' (correct it in .env or in the environment)",
        "LEADSCORE_API_SHARE: `2` should be less than or equal to 1 (correct it in .env or in the environment)",
        "LEADSCORE_WRITE_STEP: `x` should be a valid integer, unable to parse string as an integer "
        "(correct it in .env or in the environment)",
    ]


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    told = faults(tmp_path, {"HUBSPOT_TOKEN": "a", "HUBSPOT_TOKEN_FILE": "b"})
    assert told == ["HUBSPOT_TOKEN: is set, and HUBSPOT_TOKEN_FILE too (remove one of them)"]


def test_the_local_sandbox_needs_no_encryption(tmp_path: Path) -> None:
    found = load_settings(tmp_path, {"LEADSCORE_HUBSPOT_BASE_URL": "http://127.0.0.1:8700/"})
    assert found.hubspot_base_url == "http://127.0.0.1:8700"


def test_an_env_file_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("HUBSPOT_TOKEN=ä".encode("latin-1"))
    assert faults(tmp_path, {}) == [f"{tmp_path / '.env'}: this is not UTF-8 text (save the file as UTF-8)"]


def test_models_are_those_named_else_those_beside_else_the_shipped_one(tmp_path: Path) -> None:
    assert model_files(load_settings(tmp_path, {}), tmp_path) == (shipped("b2b"),)
    (tmp_path / "models").mkdir()
    for name in ("b.yaml", "a.yaml", "c.txt"):
        (tmp_path / "models" / name).write_text("")
    beside = model_files(load_settings(tmp_path, {}), tmp_path)
    assert [path.name for path in beside] == ["a.yaml", "b.yaml"]
    named = load_settings(tmp_path, {"LEADSCORE_MODELS": "models/b.yaml, models/*.yaml"})
    assert [path.name for path in model_files(named, tmp_path)] == ["b.yaml", "a.yaml"]


def test_a_named_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"LEADSCORE_MODELS": "mine.yaml"})
    with pytest.raises(ConfigError, match=r"LEADSCORE_MODELS: there is no file `mine\.yaml`"):
        model_files(settings, tmp_path)


def test_shipped_models_have_names() -> None:
    assert all(shipped(name).is_file() for name in SHIPPED)
    with pytest.raises(ValueError, match="there is no shipped model `x`"):
        shipped("x")


def test_client_secrets_may_be_several_and_may_lie_in_a_file_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("new-secret\nold-secret\n")
    found = load_settings(tmp_path, {"HUBSPOT_CLIENT_SECRETS_FILE": "secrets"})
    assert [secret.get_secret_value() for secret in found.hubspot_client_secrets] == ["new-secret", "old-secret"]
    assert "new-secret" not in repr(found)
    given = load_settings(tmp_path, {"LEADSCORE_HUBSPOT_CLIENT_SECRETS": "a, b"})
    assert [secret.get_secret_value() for secret in given.hubspot_client_secrets] == ["a", "b"]


def test_addresses_of_the_service_are_checked(tmp_path: Path) -> None:
    found = load_settings(tmp_path, {"LEADSCORE_PUBLIC_URL": "https://crm.example.com/leads/"})
    assert found.public_url == "https://crm.example.com/leads"
    assert "is no address that HubSpot can call" in faults(tmp_path, {"LEADSCORE_PUBLIC_URL": "crm.example.com"})[0]
    assert "is no HOST:PORT" in faults(tmp_path, {"LEADSCORE_LISTEN": "8000"})[0]


SIGNS = "whsec_" + "AAAA" * 10


def test_where_sales_is_told_is_checked(tmp_path: Path) -> None:
    given = {"LEADSCORE_NOTIFY_URL": "https://a.example/x, https://b.example", "NOTIFY_SECRETS": f"{SIGNS},{SIGNS}"}
    found = load_settings(tmp_path, given | {"LEADSCORE_NOTIFY_FALLBACK": "Boss@acme.example"})
    assert found.notify_url == ("https://a.example/x", "https://b.example")
    assert (found.notify_fallback, found.tasks_a_day, len(found.notify_secrets)) == ("boss@acme.example", 20, 2)
    assert SIGNS not in repr(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"LEADSCORE_NOTIFY_URL": "https://a.example"}, "LEADSCORE_NOTIFY_URL: .* needs NOTIFY_SECRETS"),
        ({"LEADSCORE_NOTIFY_URL": "http://a.example", "NOTIFY_SECRETS": SIGNS}, "is no address to post to"),
        ({"LEADSCORE_NOTIFY_URL": "http://127.0.0.1:9", "NOTIFY_SECRETS": SIGNS}, "is no address to post to"),
        ({"LEADSCORE_NOTIFY_URL": "https://u:p@a.example", "NOTIFY_SECRETS": SIGNS}, "is no address to post to"),
        ({"LEADSCORE_NOTIFY_URL": "https://a.example:x/", "NOTIFY_SECRETS": SIGNS}, "is no address to post to"),
        ({"NOTIFY_SECRETS": "whsec_AAAA"}, "NOTIFY_SECRETS: is no secret for signing"),
        ({"NOTIFY_SECRETS": "AAAA" * 10}, "NOTIFY_SECRETS: is no secret for signing"),
        ({"LEADSCORE_NOTIFY_FALLBACK": "Boss"}, "is no e-mail address"),
        ({"LEADSCORE_TASKS_A_DAY": "0"}, "LEADSCORE_TASKS_A_DAY"),
    ],
)
def test_what_cannot_tell_sales_is_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    (fault,) = faults(tmp_path, given)
    assert re.search(said, fault), fault
    assert SIGNS not in fault


def test_development_may_post_to_this_machine(tmp_path: Path) -> None:
    given = {"LEADSCORE_NOTIFY_URL": "http://127.0.0.1:9/x", "NOTIFY_SECRETS": SIGNS}
    assert load_settings(tmp_path, given | {"LEADSCORE_NOTIFY_ALLOW_LOOPBACK": "true"}).notify_url
