"""The command line: one file a command group, joined here."""

import sys

import typer
from typer.rich_utils import rich_format_error

from config.problems import ConfigError
from connectors.errors import ConnectorError, QuotaExhausted, RetryLater
from connectors.files.rejects import FileProblem
from leadscore.cli import (
    apply,
    db,
    deadletter,
    demo,
    doctor,
    events,
    explain,
    feedback,
    fields,
    forecast,
    hubspot,
    imports,
    init,
    install,
    model,
    notices,
    plan,
    privacy,
    quarantine,
    sandbox,
    score,
    serve,
    stages,
    status,
    sync,
    trigger,
)
from leadscore.cli.show import PIPE_CLOSED, clean
from leadscore.jobs.refused import Refused
from leadscore.store.errors import StoreError
from scoring.values import write_instant

FAILED, USAGE = 1, 64

app = typer.Typer(
    name="leadscore",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Lead scores for HubSpot and Salesforce that add up line by line and say why.",
    epilog="Exit codes: 0 ok, 1 failed, 2 changes pending or partly failed, 64 usage or a faulty file.",
)
app.command()(demo.demo)
app.command()(score.score)
app.command()(doctor.doctor)
app.command()(fields.fields)
model.app.command("init")(init.init)
app.add_typer(model.app, name="model")
app.command()(install.install)
app.command()(sync.sync)
app.command()(plan.plan)
app.command()(apply.apply)
app.command()(explain.explain)
app.command()(status.status)
app.add_typer(feedback.app, name="feedback")
app.command("import")(imports.import_)
app.command()(install.uninstall)
app.command()(sandbox.sandbox)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(serve.scheduler)
app.command()(trigger.trigger)
app.command()(forecast.forecast)
app.add_typer(events.app, name="events")
app.add_typer(deadletter.app, name="deadletter")
app.add_typer(notices.app, name="notices")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(stages.app, name="stages")
app.add_typer(db.app, name="db")
app.add_typer(privacy.app, name="privacy")
app.add_typer(hubspot.app, name="hubspot")


def main() -> None:
    """Runs a command and turns what it raises into one clear sentence on stderr and an exit code."""
    out = sys.stdout
    try:
        code = app(standalone_mode=False)
    except (ConfigError, FileProblem) as error:
        code = _say(str(error), USAGE)
    except typer.TyperException as error:
        rich_format_error(error)  # type: ignore[arg-type]  # every usage error of typer has what it shows
        code = USAGE
    except typer.Abort:
        code = _say("Stopped; nothing more was done.", FAILED)
    except (ConnectorError, StoreError, Refused) as error:
        code = _say(f"{error}{_when(error)}", FAILED)
    except SystemExit as end:
        # Where our reader went away, typer puts something else in the place of stdout and ends with 1.
        code = end.code if sys.stdout is out else PIPE_CLOSED
    sys.exit(code if isinstance(code, int) else 0)


def _when(error: Exception) -> str:
    if isinstance(error, QuotaExhausted) and error.resets_at is not None:
        return f" Go on after {write_instant(error.resets_at)}."
    if isinstance(error, RetryLater):
        return f" Try again in {max(1, round(error.seconds))} s; what was done so far is kept."
    return ""


def _say(text: str, code: int) -> int:
    sys.stderr.write("".join(f"{clean(line)}\n" for line in text.splitlines()))
    return code
