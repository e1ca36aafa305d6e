"""``ostiary explain``."""

from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.explaining import explained_there, secret
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
from ostiary.management.described import NOTHING_MORE, Described
from ostiary.management.sighted import explain_view
from ostiary.management.walks import DecisionView, ExplainView
from ostiary.services.credentials import NobodyToAsk
from ostiary.trust.reason import Reason
from ostiary.wiring.explaining import Asked
from ostiary.wiring.explaining import explain as explain_asked

Certificate = Annotated[
    Path | None,
    typer.Option(help="The client's certificate, PEM or DER; its chain may follow in the file."),
]
NoCertificate = Annotated[
    bool, typer.Option("--no-cert", help="Explain a client that shows no certificate.")
]
Chain = Annotated[Path | None, typer.Option(help="Intermediates that the client sends, PEM.")]
Api = Annotated[
    str | None, typer.Option(metavar="NAME", help="Explain a visit to this API endpoint.")
]
Url = Annotated[str | None, typer.Option(help="Explain a request for this URL.")]
Method = Annotated[str, typer.Option(help="Method of the request, with --url.")]
Client = Annotated[str, typer.Option(metavar="ADDRESS", help="The address the request comes from.")]
Consumer = Annotated[
    str,
    typer.Option(metavar="CONSUMER", help="As if a credential of this user or app were shown."),
]
At = Annotated[
    str | None, typer.Option(metavar="TIME", help="When, as 2030-01-31T12:00:00Z; now if not.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="LINE", help="A header, as 'X-Tenant: acme'; several times."),
]
Key = Annotated[
    str | None,
    typer.Option(
        metavar="ID:SECRET",
        help="An API key, shown wherever a step looks for one; @FILE: its first line.",
    ),
]
User = Annotated[
    str | None,
    typer.Option(metavar="NAME:PASSWORD", help="For basic-auth; @FILE: the file's first line."),
]
Token = Annotated[
    str | None,
    typer.Option(metavar="TOKEN", help="For jwt, without its scheme; @FILE: its first line."),
]


@app.command()
def explain(  # noqa: PLR0917 - each is an option of its own name
    cert: Certificate = None,
    no_cert: NoCertificate = False,
    chain: Chain = None,
    api: Api = None,
    url: Url = None,
    method: Method = "GET",
    header: Headers = None,
    client: Client = "",
    key: Key = None,
    user: User = None,
    token: Token = None,
    consumer: Consumer = "",
    at: At = None,
    config: ConfigFile = DEFAULT_CONFIG,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Explain step by step why a client is let in or refused.

    From the configuration, and what console, API and command line added to it in the state folder,
    with the code that decides live. Nothing is sent, counted or remembered. Without --api or --url,
    the handshake of every TLS entry is explained; with --header, --client, --key, --user,
    --token or --consumer the gateway is asked, or its data folder when it is stopped. Exit code 0:
    let in, 1: refused.
    """
    if (cert is None) is not no_cert:
        raise misuse("name the client's certificate with --cert, or say --no-cert")
    if api is not None and url is not None:
        raise misuse("--api and --url exclude each other")
    folder = state_folder(config, state)
    visit = Asked(config=config, certificate=cert, chain=chain, api=api, url=url, method=method)
    asked = replace(visit, at=at, state=folder)
    with refusals(as_json=as_json):
        more = Described(
            headers=tuple(header or ()),
            client=client,
            key=secret(key),
            user=secret(user),
            token=secret(token),
            consumer=consumer,
        )
        if more != NOTHING_MORE and api is None and url is None:
            raise misuse("name what is asked for with --url or --api")
        found = _explained(asked, more, folder)
    _tell(found, as_json=as_json)


def _explained(asked: Asked, more: Described, folder: Path) -> tuple[ExplainView, ...]:
    if more == NOTHING_MORE:
        managed, trusted = kept(asked.config, folder)
        credentials = kept_credentials(asked.config, folder)
        # A key may stand in the URL.
        with suppress(NobodyToAsk):
            walked = explain_asked(asked, managed, trusted, credentials)
            return tuple(explain_view(one, None) for one in walked)
    return explained_there(asked, more, folder)


def _tell(found: tuple[ExplainView, ...], *, as_json: bool) -> None:
    if as_json:
        emit_json([_json(one) for one in found] if len(found) > 1 else _json(found[0]))
    else:
        for one in found:
            _print(one)
    if not any(one.served for one in found):
        raise typer.Exit(FAILED)


def _json(one: ExplainView) -> dict[str, object]:
    return {
        "about": one.about,
        "entry": one.entry,
        "steps": [
            {"name": x.name, "passed": x.passed, "detail": x.detail, "wayOut": x.way_out}
            | ({"step": x.step, "skipped": x.skipped, "unknown": x.unknown} if x.step else {})
            for x in one.steps
        ],
        "certificate": _certificate_json(one.decision),
        "admitted": one.served,
        "sees": one.sentence,
        "status": one.status,
        "alert": one.alert,
        "api": one.api,
        "forwarded": asdict(one.forwarded) if one.forwarded else None,
    }


def _certificate_json(found: DecisionView | None) -> dict[str, object] | None:
    if found is None:
        return None
    if found.until is not None:
        return {"admitted": True, "reason": None, "until": found.until.isoformat()}
    return {"admitted": False, "reason": found.reason, "detail": found.detail}


def _print(one: ExplainView) -> None:
    out = console()
    out.print(f"[bold]{escape(one.about)}[/]")
    for step in one.steps:
        sign = "[dim]?[/]" if step.unknown else "[dim]·[/]" if step.skipped else mark(step.passed)
        out.print(f"  {sign} {escape(step.name)}: {escape(step.detail)}")
        if step.way_out:
            out.print(f"      → {escape(step.way_out)}")
    if one.forwarded:
        sent = one.forwarded
        out.print(f"  the service {sent.service!r} gets: {escape(f'{sent.method} {sent.path}')}")
        for line in sent.headers:
            out.print(f"      {escape(f'{line.name}: {line.value}')}")
    refused = one.reason and not one.served
    why = f" ({one.reason}: {Reason(one.reason).sentence})" if refused else ""
    verdict = "[green]let in[/]" if one.served else "[red]refused[/]"
    out.print(f"  {verdict}: {escape(one.sentence)}{escape(why)}")
