"""``ostiary api``: what single APIs override."""

from typing import Annotated, Any

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import ApiName, Days, DryRun, Search, wish
from ostiary.cli.paths import api_path
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
from ostiary.cli.showing import answer, facts, number, say, show, table, tell, yes
from ostiary.cli.tables import console, misuse
from ostiary.management.sights import ChangeView
from ostiary.management.views import ApiView

api = typer.Typer(
    no_args_is_help=True,
    help="APIs: what each inherits from the gateway's client certificate authentication, and "
    "what it overrides.",
)
app.add_typer(api, name="api")

_NAMES = "trustedDistinguishedNames"

Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="PATTERN", help="A trusted distinguished name; again for more."),
]
NoNames = Annotated[
    bool, typer.Option("--no-names", help="Ask for no name here, whatever the gateway does.")
]
InheritRequired = Annotated[bool, typer.Option("--inherit-required", help="As the gateway has it.")]
InheritNames = Annotated[bool, typer.Option("--inherit-names", help="As the gateway has them.")]
InheritAllow = Annotated[bool, typer.Option("--inherit-allow", help="As the gateway has it.")]
InheritDeny = Annotated[
    bool, typer.Option("--inherit-deny", help="Nothing beside what the gateway denies.")
]
InheritReportOnly = Annotated[
    bool, typer.Option("--inherit-report-only", help="As the gateway has it.")
]


@api.command("list")
@asks
def list_apis(
    asker: Asker,
    *,
    search: Search = "",
    overriding: Annotated[
        bool, typer.Option("--overriding", help="Only those with a part of their own.")
    ] = False,
) -> None:
    """List the APIs with the policy that acts at each."""
    found = asker.gateway.read(tuple[ApiView, ...], "/apis", search=search)
    shown = tuple(one for one in found if one.overrides or not overriding)
    if answer(asker, tuple[ApiView, ...], shown):
        return
    show(
        ("API", "endpoints", "overrides", "required", "names", "report-only", "remarks"),
        [
            (
                one.name,
                "  ".join(one.endpoints),
                yes(one.overrides),
                yes(one.policy.required.value),
                number(one.policy.names_count) if one.policy.names_count else "any",
                yes(one.policy.report_only.value),
                "" if one.in_document else "not in the configuration file",
            )
            for one in shown
        ],
        nothing="nothing fits" if search or overriding else "there are no APIs",
    )


@api.command("show")
@asks
def show_api(asker: Asker, name: ApiName) -> None:
    """Show the policy that acts at an API, and where each part comes from."""
    one = asker.gateway.read(ApiView, api_path(name))
    if answer(asker, ApiView, one):
        return
    out = console()
    out.print(
        facts(
            (
                ("API", one.name),
                ("Endpoints", "  ".join(one.endpoints)),
                ("Type", f"{one.type.value.value} (the gateway's)"),
            )
        )
    )
    out.print()
    out.print(table(("setting", "value", "from"), policy_rows(one.policy)))
    if not one.in_document:
        say("the configuration file doesn't have this API: what is set for it does nothing")


@api.command("set")
@asks
def set_api(
    asker: Asker,
    name: ApiName,
    *,
    required: Required = None,
    inherit_required: InheritRequired = False,
    names: Names = None,
    no_names: NoNames = False,
    inherit_names: InheritNames = False,
    allow: Allow = None,
    inherit_allow: InheritAllow = False,
    deny: Deny = None,
    inherit_deny: InheritDeny = False,
    rules: Rules = None,
    report_only: ReportOnly = None,
    inherit_report_only: InheritReportOnly = False,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Override parts of the gateway's policy at one API; what isn't named stays as it is."""
    changes: dict[str, Any] = {
        **given_switches(required=required, reportOnly=report_only),
        **given_rules(allow, deny, rules),
        **_given_names(names, none=no_names),
    }
    inherits = {
        "required": inherit_required,
        _NAMES: inherit_names,
        "allow": inherit_allow,
        "deny": inherit_deny,
        "reportOnly": inherit_report_only,
    }
    given_up(changes, (key for key, wanted in inherits.items() if wanted), "--inherit-...")
    _send(asker, name, changes, wish(dry_run=dry_run, days=days))


@api.command("clear")
@asks
def clear(asker: Asker, name: ApiName, *, dry_run: DryRun = False, days: Days = 30) -> None:
    """Give up all that is set for an API here: it inherits again."""
    done = asker.gateway.change("DELETE", api_path(name), wish(dry_run=dry_run, days=days))
    if not answer(asker, ChangeView, done):
        tell(asker, done, "reset to inherit everything", about=name)


def _given_names(names: list[str] | None, *, none: bool) -> dict[str, list[str]]:
    if names and none:
        raise misuse("--name and --no-names exclude each other")
    return {_NAMES: names or []} if names or none else {}


def _send(asker: Asker, name: str, changes: dict[str, Any], wanted: Wish) -> None:
    if not changes:
        raise misuse("say what to override, or to inherit again (see --help)")
    done = asker.gateway.change("PATCH", api_path(name), wanted, changes)
    if not answer(asker, ChangeView, done):
        tell(asker, done, "set", about=name)
