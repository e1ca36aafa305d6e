"""What the forms of settings mean: only what differs from what was shown becomes a change. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar

from ostiary.admin.console.forms import Form
from ostiary.config.effective import Source
from ostiary.config.model.name_rule import NameRule
from ostiary.management.views import ApiView, GatewayView, HeaderView, Setting

T = TypeVar("T")
_Part: TypeAlias = tuple[str, object, bool]
"""Name, wanted value, whether it differs and may."""

RULE_KEYS: Mapping[str, str] = {
    "distinguishedName": "Distinguished name",
    "dns": "DNS name",
    "uri": "URI (SPIFFE)",
    "email": "Email",
    "ip": "IP address or network",
    "issuer": "Issuer",
    "serial": "Serial number",
    "fingerprint": "SHA-256 fingerprint",
    "policy": "Policy OID",
}
INHERIT = "inherit"


def gateway_changes(form: Form, view: GatewayView) -> dict[str, object]:
    """Changes to the gateway's settings, by the names the configuration file uses."""
    chosen = form.text("type") or view.type.value.value
    wanted = [_part("type", view.type, chosen)]
    if chosen != "none":  # the fields of type none are hidden, and say nothing
        wanted += [
            _part("required", view.policy.required, form.flag("required")),
            _part("reportOnly", view.policy.report_only, form.flag("reportOnly")),
        ]
    if chosen == "header":
        wanted += _header(form, view.header)
    return {name: value for name, value, differs in wanted if differs}


def _header(form: Form, view: HeaderView) -> list[_Part]:
    preset = form.text("headerPreset") or None
    name: str | None = form.text("headerName") or None
    way: str | None = form.text("headerFormat") or view.format.value
    if preset and preset != view.preset.value and not view.preset.locked:
        # Another balancer was chosen: what wasn't written by hand follows it.
        name = None if name == view.name.value else name
        way = None if way == view.format.value else way
    parts = [
        _part("headerPreset", view.preset, preset),
        _part("headerName", view.name, name),
        _part("headerFormat", view.format, way),
        _part("trustedProxies", view.trusted_proxies, form.lines("trustedProxies")),
        _part("proxyProtocol", view.proxy_protocol, form.flag("proxyProtocol")),
    ]
    kept = {Source.FILE, Source.DEFAULT}  # None there gives nothing up
    untouched = {"headerName"} if view.name.source in kept and name is None else set()
    if view.format.source in kept and way is None:
        untouched.add("headerFormat")
    return [one for one in parts if one[0] not in untouched]


def _part(name: str, setting: Setting[T], wanted: object) -> _Part:
    current = getattr(setting.value, "value", setting.value)
    return name, wanted, not setting.locked and wanted != current


def api_changes(form: Form, view: ApiView) -> dict[str, object]:
    """Changes to an API's own part; None inherits again."""
    changes: dict[str, object] = {}
    parts = (("required", view.policy.required), ("reportOnly", view.policy.report_only))
    for name, setting in parts:
        choice = form.text(name)
        own = setting.source is Source.STORE
        if setting.locked or choice not in {INHERIT, "yes", "no"}:
            continue
        if choice == INHERIT:
            changes |= {name: None} if own else {}
        elif not own or setting.value != (choice == "yes"):
            changes[name] = choice == "yes"
    if form.text("names") == INHERIT and view.policy.names.source is Source.STORE:
        changes["trustedDistinguishedNames"] = None
    if form.text("names") == "own" and view.policy.names.source is not Source.STORE:
        changes["trustedDistinguishedNames"] = list(form.lines("patterns"))
    return changes


def rule_of(form: Form) -> dict[str, str]:
    """The tests of a rule that were filled in."""
    return {name: form.text(f"rule.{name}") for name in RULE_KEYS if form.text(f"rule.{name}")}


def plain_rules(rules: Sequence[NameRule]) -> list[dict[str, str]]:
    """Rules as the configuration file writes them."""
    return [rule.model_dump(by_alias=True, exclude_none=True) for rule in rules]


def own_rules(view: GatewayView | ApiView, kind: str) -> list[dict[str, str]]:
    """The list a change of rules begins with: what was set here, without what is inherited."""
    if kind == "deny":
        return plain_rules(view.policy.own_deny)
    own = view.policy.allow.source is Source.STORE
    return plain_rules(view.policy.allow.value) if own else []
