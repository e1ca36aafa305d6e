"""Policies of the gateway and of APIs as views."""

from ostiary.config.effective import EffectivePolicy, Part, Source, file_auth_of
from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.client_auth import ApiAuth
from ostiary.config.model.document import Document
from ostiary.config.model.name_rule import NameRule
from ostiary.management.locked import file_of, locked_anchors, ssl_enabled
from ostiary.management.showing import changed, setting
from ostiary.management.state import State
from ostiary.management.views import ApiView, GatewayView, HeaderView, PolicyView
from ostiary.services.prepare import Prepared

_SHOWN_NAMES = 100


def gateway_view(prepared: Prepared, state: State) -> GatewayView:
    """*Gateway information*."""
    file = file_of(prepared)
    effective = prepared.effective
    own = effective.gateway.deny.value
    return GatewayView(
        revision=state.revision,
        type=setting(effective.type, file),
        policy=_policy_view(effective.gateway, own, file),
        header=_header_view(prepared, state),
        trusted=len(state.bundles) + len(locked_anchors(prepared)),
        ssl_enabled=ssl_enabled(prepared),
        config_file=file,
    )


def api_view(prepared: Prepared, state: State, name: str) -> ApiView:
    """One API; one that the document no longer has is shown with what is set for it."""
    file = file_of(prepared)
    effective = prepared.effective
    managed = state.managed.apis.get(name, ApiAuth())
    inherited = Part(effective.type.value, Source.GATEWAY)
    if name not in prepared.document.api_endpoints:
        return ApiView(
            name=name,
            endpoints=(),
            overrides=True,
            in_document=False,
            type=setting(inherited, file),
            policy=_policy_view(_gone(effective.gateway, managed), managed.deny or (), file),
        )
    own = file_auth_of(prepared.document, name).deny
    return ApiView(
        name=name,
        endpoints=endpoint_words(prepared.document, name),
        overrides=name in effective.overriding,
        in_document=True,
        type=setting(inherited, file),
        policy=_policy_view(
            effective.apis[name], (own if own is not None else managed.deny) or (), file
        ),
    )


def _policy_view(policy: EffectivePolicy, own_deny: tuple[NameRule, ...], file: str) -> PolicyView:
    return PolicyView(
        required=setting(policy.required, file),
        names=changed(setting(policy.names, file), lambda names: names[:_SHOWN_NAMES]),
        names_count=len(policy.names.value),
        allow=setting(policy.allow, file),
        deny=setting(policy.deny, file),
        own_deny=own_deny,
        report_only=setting(policy.report_only, file),
    )


def _header_view(prepared: Prepared, state: State) -> HeaderView:
    file = file_of(prepared)
    header = prepared.effective.header
    given = prepared.document.client_certificate_auth.header_preset
    stored = state.managed.gateway.header_preset
    source = Source.FILE if given else Source.STORE if stored else Source.DEFAULT
    preset: Part[str | None] = Part(given or stored, source)
    return HeaderView(
        preset=setting(preset, file),
        name=setting(header.name, file),
        format=changed(setting(header.format, file), lambda one: one.value),
        trusted_proxies=setting(header.trusted_proxies, file),
        proxy_protocol=setting(header.proxy_protocol, file),
    )


def _gone(gateway: EffectivePolicy, managed: ApiAuth) -> EffectivePolicy:
    """What would act if the document had the API again."""

    def part(value: object, inherited: Part) -> Part:  # type: ignore[type-arg] # of any type
        return Part(inherited.value, Source.GATEWAY) if value is None else Part(value, Source.STORE)

    return EffectivePolicy(
        required=part(managed.required, gateway.required),
        names=part(managed.trusted_distinguished_names, gateway.names),
        allow=part(managed.allow, gateway.allow),
        deny=part(managed.deny, gateway.deny),
        report_only=part(managed.report_only, gateway.report_only),
        revocation=part(None, gateway.revocation),
        grace=part(None, gateway.grace),
        preference=part(None, gateway.preference),
    )


def endpoint_words(document: Document, api: str) -> tuple[str, ...]:
    """Each way requests come to an API."""
    return tuple(map(_told, document.api_endpoints[api]))


def _told(endpoint: ApiEndpoint) -> str:
    """As a person writes it: methods, host and paths."""
    methods = ",".join(endpoint.methods or ()) + " " if endpoint.methods else ""
    host = endpoint.host or (f"/{endpoint.host_regex}/" if endpoint.host_regex else "*")
    paths = f"/{endpoint.path_regex}/" if endpoint.path_regex else " ".join(endpoint.paths)
    return f"{methods}{host} {paths}"
