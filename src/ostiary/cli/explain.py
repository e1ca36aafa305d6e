"""``ostiary explain``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.kept import kept
from ostiary.cli.kept_credentials import kept_credentials
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile, StateFolder, state_folder
from ostiary.cli.tables import (
    FAILED,
    AsJson,
    console,
    emit_json,
    escape,
    mark,
    misuse,
    refusals,
)
from ostiary.services.explanation import Explanation
from ostiary.trust.decision import Admitted
from ostiary.wiring.explaining import Asked
from ostiary.wiring.explaining import explain as explain_asked

Certificate = Annotated[
    Path | None,
    typer.Option(help="The client's certificate, PEM or DER; its chain may follow in the file."),
]


@app.command()
def explain(  # noqa: PLR0917 - each is an option of its own name
    cert: Certificate = None,
    no_cert: Annotated[
        bool, typer.Option("--no-cert", help="Explain a client that shows no certificate.")
    ] = False,
    chain: Annotated[
        Path | None, typer.Option(help="Intermediates that the client sends, PEM.")
    ] = None,
    api: Annotated[
        str | None, typer.Option(metavar="NAME", help="Explain a visit to this API endpoint.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Explain a request for this URL.")] = None,
    method: Annotated[str, typer.Option(help="Method of the request, with --url.")] = "GET",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When, as 2030-01-31T12:00:00Z; now if not.")
    ] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Explain step by step why a client certificate is let in or refused.

    From the configuration, and what console, API and command line added to it in the state folder,
    with the code that decides live. Without --api or --url, the handshake of every TLS entry is
    explained. Exit code 0: let in, 1: refused.
    """
    if (cert is None) is not no_cert:
        raise misuse("name the client's certificate with --cert, or say --no-cert")
    if api is not None and url is not None:
        raise misuse("--api and --url exclude each other")
    folder = state_folder(config, state)
    visit = Asked(config=config, certificate=cert, chain=chain, api=api, url=url, method=method)
    asked = replace(visit, at=at, state=folder)
    with refusals(as_json=as_json):
        managed, trusted = kept(config, folder)
        found = explain_asked(asked, managed, trusted, kept_credentials(config, folder))
    if as_json:
        emit_json([_json(one) for one in found] if len(found) > 1 else _json(found[0]))
    else:
        for one in found:
            _print(one)
    if not any(one.answer.served for one in found):
        raise typer.Exit(FAILED)


def _json(one: Explanation) -> dict[str, object]:
    return {
        "about": one.about,
        "entry": one.entry,
        "steps": [
            {"name": x.name, "passed": x.passed, "detail": x.detail, "wayOut": x.way_out}
            for x in one.steps
        ],
        "certificate": _certificate_json(one),
        "admitted": one.answer.served,
        "sees": one.answer.sentence,
        "status": one.answer.status,
        "alert": one.answer.alert,
    }


def _certificate_json(one: Explanation) -> dict[str, object] | None:
    if one.decision is None:
        return None
    if isinstance(one.decision, Admitted):
        return {"admitted": True, "reason": None, "until": one.decision.until.isoformat()}
    reason = one.decision.reason
    return {"admitted": False, "reason": reason.value, "detail": one.decision.detail}


def _print(one: Explanation) -> None:
    out = console()
    out.print(f"[bold]{escape(one.about)}[/]")
    for step in one.steps:
        out.print(f"  {mark(step.passed)} {escape(step.name)}: {escape(step.detail)}")
        if step.way_out:
            out.print(f"      → {escape(step.way_out)}")
    reason = one.reason
    why = f" ({reason.value}: {reason.sentence})" if reason and not one.answer.served else ""
    verdict = "[green]let in[/]" if one.answer.served else "[red]refused[/]"
    out.print(f"  {verdict}: {escape(one.answer.sentence)}{escape(why)}")
