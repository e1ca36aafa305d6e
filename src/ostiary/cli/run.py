"""``ostiary run``."""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app

ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="OSTIARY_CONFIG", help="The configuration file.", show_default=True
    ),
]
StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state",
        envvar="OSTIARY_STATE",
        help="Folder for what the gateway remembers; .ostiary beside the configuration file.",
    ),
]

DEFAULT_CONFIG = Path("gateway.config.yml")


def state_folder(config: Path, state: Path | None) -> Path:
    """The folder given, or ``.ostiary`` beside the configuration file."""
    return (state or config.absolute().parent / ".ostiary").absolute()


@app.command()
def run(
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    log_format: Annotated[
        str, typer.Option(help="Form of the program's own log on stderr: json or console.")
    ] = "json",
) -> None:
    """Run the gateway in the foreground. Prints `ready` when it serves.

    SIGTERM drains and ends; SIGHUP, or a change of the file or of any certificate, key or CA file
    it names, is checked and applied without losing a request. The access log goes to stdout.
    """
    # What is imported and made at the start stays. Looking for garbage in it takes a fifth of the
    # time; `run_gateway` begins with that once all doors are open.
    gc.disable()
    # Other commands must not wait until the whole gateway is imported.
    from ostiary.wiring.administering import Administering  # noqa: PLC0415
    from ostiary.wiring.logs import set_up_logs  # noqa: PLC0415
    from ostiary.wiring.running import run_gateway  # noqa: PLC0415

    set_up_logs(human=log_format == "console" or (log_format == "auto" and sys.stderr.isatty()))
    run_gateway(config, state_folder(config, state), Administering)
