"""``ostiary consumers``: many users, apps and credentials at once."""

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_options import DryRun, Form
from ostiary.cli.tables import FAILED

consumers = typer.Typer(
    no_args_is_help=True, help="Many users, apps and credentials at once, from a file or to one."
)
app.add_typer(consumers, name="consumers")

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Lines of JSON, or CSV with a header; - is standard input."
    ),
]
Format = Annotated[
    Form | None,
    typer.Option("--format", help="How FILE is written; by its name, if left out."),
]
Secrets = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        metavar="OUT",
        help="Make the secrets (and ids of keys) that FILE lacks, and write all lines with them "
        "to this new file, which is then imported.",
    ),
]


@consumers.command("import")
@asks
def import_consumers(
    asker: Asker, file: File, *, form: Format = None, made: Secrets = None, dry_run: DryRun = False
) -> None:
    """Import users, apps, credentials and scopes from a file, a line for each.

    All lines are checked before the first is sent. Then 2,000 at a time are taken, or none of
    these; what is there already stays as it is, so that the same command goes on where it was
    stopped. Exit code 1 if a line can't be taken; --dry-run finds all such lines.
    """
    # With it comes what checks lines, and the store: other commands shall not wait for that.
    from ostiary.cli.consumer_importing import import_file  # noqa: PLC0415

    if not import_file(asker, file, form, made, dry_run=dry_run):
        raise typer.Exit(FAILED)


@consumers.command("export")
@asks
def export_consumers(asker: Asker) -> None:
    """Print all users, apps, credentials and scopes: lines of JSON, as import takes them.

    Secrets are not among them, nor their hashes: with import --secrets others are made. Ids,
    states, scopes, rules and dates of certificates are.
    """
    # As above.
    from ostiary.cli.consumer_exporting import exported  # noqa: PLC0415

    for line in exported(asker.gateway):
        typer.echo(line)
