"""What the gateway and single APIs have in common: options of a policy, and how it is shown."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ostiary.cli.options import Unclear, content_of
from ostiary.cli.showing import Cell, origin, yes
from ostiary.cli.tables import misuse
from ostiary.config.model.name_rule import NameRule
from ostiary.management.views import PolicyView

Required = Annotated[
    bool | None,
    typer.Option(
        "--required/--not-required", help="Whether requests without a certificate get 401."
    ),
]
ReportOnly = Annotated[
    bool | None,
    typer.Option(
        "--report-only/--enforce", help="Refuse nobody, only tell who would be refused; or refuse."
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEST=VALUE",
        help="A rule that lets in, such as dns=*.example; again for more. Replaces the list.",
    ),
]
Deny = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEST=VALUE",
        help="A rule that refuses, such as serial=0F; again for more. Replaces the list.",
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        help="YAML or JSON with lists `allow` and `deny` as in the configuration file: for rules "
        "of several tests."
    ),
]
_SHOWN_NAMES = 10


def given_rules(
    allow: list[str] | None, deny: list[str] | None, rules: Path | None
) -> dict[str, Any]:
    """Settings for the rules that were given."""
    changes: dict[str, Any] = {}
    if rules is not None:
        changes |= _read_rules(rules)
    for key, written in (("allow", allow), ("deny", deny)):
        if written:
            if key in changes:
                raise misuse(f"--{key} and the file of --rules both give {key!r}")
            changes[key] = [_rule(one, f"--{key}") for one in written]
    return changes


def given_switches(**switches: bool | None) -> dict[str, bool]:
    """Settings for the switches that were given, by key."""
    return {key: value for key, value in switches.items() if value is not None}


def given_up(changes: dict[str, Any], keys: Iterable[str], option: str) -> dict[str, Any]:
    """The changes and, as null, what is given up. A setting can't be both."""
    for key in keys:
        if key in changes:
            raise misuse(f"{key} can't be set and given up at once ({option})")
        changes[key] = None
    return changes


def policy_rows(policy: PolicyView) -> Iterator[tuple[str, Cell, str]]:
    """Setting, value, and where it comes from."""
    yield "required", yes(policy.required.value), origin(policy.required)
    yield "trusted distinguished names", _names(policy), origin(policy.names)
    yield "allow", _told(policy.allow.value), origin(policy.allow)
    yield "deny", _told(policy.deny.value), origin(policy.deny)
    yield "report-only", yes(policy.report_only.value), origin(policy.report_only)


def _names(policy: PolicyView) -> str:
    names = policy.names.value[:_SHOWN_NAMES]
    more = policy.names_count - len(names)
    shown = [*names, f"and {more:,} more (see: ostiary dn list)"] if more else list(names)
    return "  |  ".join(shown) or "none asked for"


def _told(rules: tuple[NameRule, ...]) -> str:
    shown = [_rule_told(one) for one in rules[:_SHOWN_NAMES]]
    more = len(rules) - len(shown)
    return "  |  ".join([*shown, f"and {more:,} more"] if more else shown) or "none"


def _rule_told(rule: NameRule) -> str:
    given = rule.model_dump(by_alias=True, exclude_none=True)
    return ", ".join(f"{key}={value}" for key, value in given.items())


def _rule(written: str, option: str) -> dict[str, str]:
    key, equals, value = written.partition("=")
    if not equals:
        raise misuse(f"{option}: {written!r} is no rule (write it as dns=*.example)")
    return {key.strip(): value}


def _read_rules(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(content_of(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unclear(f"{str(path)!r} can't be read as YAML or JSON: {error}") from error
    if not isinstance(found, dict) or not found or not found.keys() <= {"allow", "deny"}:
        raise Unclear(f"{str(path)!r} must hold a list 'allow', a list 'deny', or both")
    return {str(key): value for key, value in found.items()}
