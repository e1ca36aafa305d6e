"""``ostiary client-auth``: client certificate authentication of the whole gateway."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import Days, DryRun, wish
from ostiary.cli.policies import (
    Allow,
    Deny,
    ReportOnly,
    Required,
    Rules,
    given_rules,
    given_switches,
    given_up,
    policy_rows,
)
from ostiary.cli.showing import Cell, answer, origin, say, table, tell, yes
from ostiary.cli.tables import console, misuse
from ostiary.config.auth_words import AuthType
from ostiary.config.model.client_auth import HeaderFormatName, PresetName
from ostiary.management.sights import ChangeView
from ostiary.management.views import GatewayView

client_auth = typer.Typer(
    no_args_is_help=True,
    help="Client Certificate Auth of the gateway: its type, and what is asked of every client.",
)
app.add_typer(client_auth, name="client-auth")


Type = Annotated[AuthType | None, typer.Option("--type", help="Where certificates come from.")]
HeaderPreset = Annotated[
    PresetName | None, typer.Option(help="Type header: the load balancer in front.")
]
HeaderName = Annotated[
    str | None, typer.Option(metavar="NAME", help="Type header: the header's name.")
]
HeaderFormat = Annotated[
    HeaderFormatName | None,
    typer.Option(help="Type header: how the certificate is written there."),
]
TrustedProxy = Annotated[
    list[str] | None,
    typer.Option(metavar="NETWORK", help="Type header: who may speak for clients; again for more."),
]
ProxyProtocol = Annotated[
    bool | None,
    typer.Option(
        "--proxy-protocol/--no-proxy-protocol",
        help="Type header: whether the proxies begin with a PROXY header.",
    ),
]
Unset = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SETTING",
        help="Give a setting up, by its key in the configuration file; again for more.",
    ),
]


@client_auth.command("show")
@asks
def show_gateway(asker: Asker) -> None:
    """Show every setting, and where it comes from."""
    one = asker.gateway.read(GatewayView, "/gateway")
    if answer(asker, GatewayView, one):
        return
    console().print(table(("setting", "value", "from"), _rows(one)))
    if one.type.value is AuthType.CERTIFICATE and not one.trusted:
        say("nothing is trusted: every certificate is refused (see: ostiary trust add)", "yellow")
    if not one.ssl_enabled and one.type.value is not AuthType.HEADER:
        say("certificates can be added only when SSL is enabled", "dim")


@client_auth.command("set")
@asks
def set_gateway(
    asker: Asker,
    *,
    kind: Type = None,
    required: Required = None,
    report_only: ReportOnly = None,
    allow: Allow = None,
    deny: Deny = None,
    rules: Rules = None,
    header_preset: HeaderPreset = None,
    header_name: HeaderName = None,
    header_format: HeaderFormat = None,
    trusted_proxy: TrustedProxy = None,
    proxy_protocol: ProxyProtocol = None,
    unset: Unset = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Change settings; what isn't named stays as it is. Names have commands of their own: dn."""
    words = {
        "type": kind and kind.value,
        "headerPreset": header_preset,
        "headerName": header_name,
        "headerFormat": header_format,
        "trustedProxies": trusted_proxy or None,
    }
    changes: dict[str, Any] = {
        **{key: value for key, value in words.items() if value is not None},
        **given_switches(required=required, reportOnly=report_only, proxyProtocol=proxy_protocol),
        **given_rules(allow, deny, rules),
    }
    given_up(changes, unset or (), "--unset")
    if not changes:
        raise misuse("say what to change (see --help)")
    done = asker.gateway.change("PATCH", "/gateway", wish(dry_run=dry_run, days=days), changes)
    if not answer(asker, ChangeView, done):
        tell(asker, done, "set")


def _rows(one: GatewayView) -> Iterator[tuple[str, Cell, str]]:
    yield "type", one.type.value.value, origin(one.type)
    yield from policy_rows(one.policy)
    yield "trusted certificates", str(one.trusted), ""
    header = one.header
    yield "header preset", header.preset.value or "none", origin(header.preset)
    yield "header name", header.name.value or "none", origin(header.name)
    yield "header format", header.format.value, origin(header.format)
    proxies = "  ".join(header.trusted_proxies.value) or "none"
    yield "trusted proxies", proxies, origin(header.trusted_proxies)
    yield "PROXY protocol", yes(header.proxy_protocol.value), origin(header.proxy_protocol)
