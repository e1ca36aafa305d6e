"""What a busy gateway might show: views made by hand, with a fixed clock."""

from datetime import UTC, datetime, timedelta

from ostiary.config.effective import AuthType, Source
from ostiary.config.model.name_rule import NameRule
from ostiary.management.clients import BlockedView, ClientView
from ostiary.management.revocation_views import (
    Freshness,
    ListView,
    OcspView,
    ResponderView,
    RevocationView,
    SourceKind,
    SourceView,
)
from ostiary.management.sights import (
    AuditView,
    Effect,
    EffectView,
    EventView,
    ExpiringKind,
    ExpiringView,
    OverviewView,
    PreviewView,
    ReasonCount,
    StoreState,
    TrafficPoint,
    TruststoreView,
)
from ostiary.management.views import (
    ApiView,
    CertificateView,
    Expiry,
    GatewayView,
    HeaderView,
    PolicyView,
    Setting,
    VersionView,
)
from ostiary.management.walks import ExplainView, StepView
from ostiary.trust.reason import Reason

NOW = datetime(2026, 11, 22, 9, 41, 20, tzinfo=UTC)
FILE = "gateway.config.yml"
HOSTILE = (
    '<script>alert("x")</script><img src=x onerror=alert(1)>',
    "CN=gro.elpmaxe\u202elive",
    "CN=" + "A" * 2000,
    "CN=ze" + "\u0338" * 40 + "ro",
    "CN=line\r\nbreak\tand\x00null",
)
TRUSTED_NAMES = (
    "CN=*,O=Example Devices,**",
    "CN=orders-*,OU=Payments,O=Example,C=DE",
    "E=*@example.com,**",
)


def days(count: float) -> datetime:
    """So many days from now."""
    return NOW + timedelta(days=count)


def fingerprint(seed: str) -> str:
    """64 letters that look like one."""
    return (seed.encode().hex() * 32)[:64]


def expiry(at: datetime) -> Expiry:
    """As the views tell it."""
    if at <= NOW:
        return Expiry.EXPIRED
    return Expiry.SOON if at - NOW <= timedelta(days=90) else Expiry.GOOD


def here(value: object) -> Setting[object]:
    """Set by console or API."""
    return Setting(value, Source.STORE)


def unset(value: object) -> Setting[object]:
    """A default."""
    return Setting(value, Source.DEFAULT)


def locked(value: object) -> Setting[object]:
    """Set by the file."""
    return Setting(value, Source.FILE, FILE)


def policy(names: tuple[str, ...], source: Source = Source.STORE, **more: object) -> PolicyView:
    """What is asked of clients."""
    given: dict[str, object] = {
        "required": here(True),
        "names": Setting(names[:100], source),
        "names_count": len(names),
        "allow": unset(()),
        "deny": here((NameRule(serial="66:01"),)),
        "own_deny": (NameRule(serial="66:01"),),
        "report_only": unset(False),
        **more,
    }
    return PolicyView(**given)  # type: ignore[arg-type]  # parts by name, typed where they are made


def header() -> HeaderView:
    """Type header, not used."""
    return HeaderView(
        preset=Setting(None, Source.DEFAULT),
        name=Setting(None, Source.DEFAULT),
        format=Setting("auto", Source.DEFAULT),
        trusted_proxies=Setting((), Source.DEFAULT),
        proxy_protocol=Setting(False, Source.DEFAULT),
    )


def gateway(names: tuple[str, ...] = TRUSTED_NAMES, **more: object) -> GatewayView:
    """*Gateway information*."""
    given: dict[str, object] = {
        "revision": 41,
        "type": Setting(AuthType.CERTIFICATE, Source.STORE),
        "policy": policy(names),
        "header": header(),
        "trusted": 4,
        "ssl_enabled": True,
        "config_file": FILE,
        **more,
    }
    return GatewayView(**given)  # type: ignore[arg-type]  # parts by name


def api(name: str, paths: tuple[str, ...], names: tuple[str, ...], *, own: bool) -> ApiView:
    """One API, inheriting or not."""
    inherited = Source.GATEWAY
    return ApiView(
        name=name,
        endpoints=paths,
        overrides=own,
        in_document=True,
        type=Setting(AuthType.CERTIFICATE, inherited),
        policy=policy(
            names,
            Source.STORE if own else inherited,
            required=Setting(not own, Source.STORE if own else inherited),
            report_only=Setting(False, inherited),
            allow=Setting((), inherited),
            deny=Setting((NameRule(serial="66:01"),), inherited),
            own_deny=(),
        ),
    )


def certificate(subject: str, until: datetime, issuer: str = "") -> CertificateView:
    """Every field."""
    return CertificateView(
        subject=subject,
        issuer=issuer or subject,
        serial="4f8a01c2d39e",
        not_before=days(-300),
        not_after=until,
        expiry=expiry(until),
        fingerprint=fingerprint(subject),
        key="ec 256",
        signature="ecdsa-with-SHA256",
        version=3,
        is_ca=not issuer,
        is_self_issued=not issuer,
        alternative_names=("DNS:device-17.example.com", "URI:spiffe://example.com/devices/17"),
        extended_key_usages=("clientAuth",),
        sha1=fingerprint(subject)[:40],
        key_usages=() if issuer else ("keyCertSign", "cRLSign"),
        path_length=None if issuer else 1,
        subject_key_id="5af1",
        authority_key_id="77c0" if issuer else "",
        policies=("1.3.6.1.4.1.99999.1",),
        crl_addresses=("http://crl.example.com/devices.crl",),
        ocsp_addresses=(),
        issuer_addresses=(),
        chain=(issuer,) if issuer else (),
        pem="-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2\n-----END CERTIFICATE-----\n",
    )


def version(number: int, subject: str, until: datetime, **more: object) -> VersionView:
    """One upload."""
    given: dict[str, object] = {
        "number": number,
        "subject": subject,
        "fingerprint": fingerprint(f"{subject}{number}"),
        "certificates": 1,
        "issued_on": days(-400 + 100 * number),
        "expires_on": until,
        "expiry": expiry(until),
        "uploaded": days(-20 + number),
        "uploaded_by": "token:first",
        "retired": False,
        "trusted": False,
        **more,
    }
    return VersionView(**given)  # type: ignore[arg-type]  # parts by name


def client(
    subject: str, at: float, reason: Reason | None, until: float, **more: object
) -> ClientView:
    """One certificate that was seen."""
    given: dict[str, object] = {
        "fingerprint": fingerprint(subject),
        "subject": subject,
        "issuer": "CN=Example Devices CA,O=Example",
        "serial": "1f",
        "not_after": days(until),
        "expiry": expiry(days(until)),
        "anchor": None if reason else fingerprint("ca"),
        "anchor_name": "" if reason else "devices-ca",
        "first_seen": days(-30),
        "last_seen": NOW - timedelta(minutes=at),
        "count": 1234,
        "admitted": reason is None,
        "reason": reason.value if reason else "",
        "would_refuse": False,
        "apis": ("orders", "devices"),
        "blocked": None,
        **more,
    }
    return ClientView(**given)  # type: ignore[arg-type]  # parts by name


CLIENTS = (
    client("CN=device-0017,O=Example Devices,C=DE", 1, None, 200),
    client("CN=orders-batch,OU=Payments,O=Example,C=DE", 3, None, 31, count=88_120),
    client("CN=old-scanner,O=Example Devices,C=DE", 12, Reason.CERTIFICATE_EXPIRED, -4, count=52),
    client("CN=intern,O=Partner Ltd,C=GB", 40, Reason.UNTRUSTED_ISSUER, 320, count=3, apis=()),
    client(
        "CN=nightly-export,O=Example,C=DE",
        50,
        Reason.NAME_NOT_TRUSTED,
        300,
        admitted=True,
        would_refuse=True,
    ),
    *(client(name, 600 + at, Reason.UNTRUSTED_ISSUER, 100) for at, name in enumerate(HOSTILE)),
)


def blocked(number: int, subject: str, **more: object) -> BlockedView:
    """One that may pass nowhere."""
    given: dict[str, object] = {
        "id": number,
        "fingerprint": f"{number:064x}",
        "issuer": "",
        "serial": "",
        "subject": subject,
        "note": "laptop stolen",
        "until": None,
        "in_force": True,
        "added": NOW - timedelta(hours=number),
        "added_by": "token:ops",
        **more,
    }
    return BlockedView(**given)  # type: ignore[arg-type]  # parts by name


def traffic() -> tuple[TrafficPoint, ...]:
    """An hour, minute by minute."""
    waves = (4, 5, 7, 6, 8, 9, 12, 10, 9, 11, 14, 13)
    return tuple(
        TrafficPoint(
            at=NOW - timedelta(minutes=60 - at),
            seconds=60,
            requests=waves[at % 12] * 31 + at * 4,
            connections=waves[at % 12],
            admitted=waves[at % 12] * 29 + at * 4,
            refused=waves[(at * 5) % 12] * (2 if at < 40 else 6),
            would_refuse=12 if 20 < at < 32 else 0,
        )
        for at in range(60)
    )


def overview() -> OverviewView:
    """The first page."""
    return OverviewView(
        started=days(-6.2),
        now=NOW,
        traffic=traffic(),
        refusals=tuple(
            ReasonCount(reason=one.value, sentence=one.sentence, count=count)
            for one, count in (
                (Reason.UNTRUSTED_ISSUER, 812),
                (Reason.CERTIFICATE_EXPIRED, 305),
                (Reason.NO_CERTIFICATE, 120),
                (Reason.WEAK_KEY, 7),
            )
        ),
        expiring=(
            ExpiringView(
                kind=ExpiringKind.CLIENT,
                name=CLIENTS[2].subject,
                fingerprint="a" * 64,
                not_after=days(-4),
                expired=True,
            ),
            ExpiringView(
                kind=ExpiringKind.CLIENT,
                name=CLIENTS[1].subject,
                fingerprint="b" * 64,
                not_after=days(31),
                expired=False,
            ),
            ExpiringView(
                kind=ExpiringKind.TRUSTED,
                name="partner-ca",
                fingerprint="c" * 64,
                not_after=days(54),
                expired=False,
            ),
        ),
        expiring_count=3,
        banners=(),
        apis=3,
        trusted=4,
        clients=len(CLIENTS),
        type="certificate",
        version="0.1.0",
    )


def event(number: int, minutes: float, reason: Reason, **more: object) -> EventView:
    """One refusal."""
    given: dict[str, object] = {
        "id": number,
        "at": NOW - timedelta(minutes=minutes),
        "api": "orders",
        "listener": "https",
        "client": "192.0.2.44",
        "method": "GET",
        "path": "/orders/17",
        "status": 403,
        "reason": reason.value,
        "sentence": reason.sentence,
        "subject": "CN=old-scanner,O=Example Devices,C=DE",
        "fingerprint": fingerprint("CN=old-scanner,O=Example Devices,C=DE"),
        "request_id": f"6d1f-{number}",
        "would_refuse": False,
        **more,
    }
    return EventView(**given)  # type: ignore[arg-type]  # parts by name


EVENTS = (
    event(1, 9, Reason.CERTIFICATE_EXPIRED),
    event(2, 7, Reason.NO_CERTIFICATE, status=401, subject="", fingerprint="", path="/devices"),
    event(3, 3, Reason.UNTRUSTED_ISSUER, subject=HOSTILE[0], path="/<b>x</b>"),
    event(4, 1, Reason.UNTRUSTED_ISSUER, subject="CN=intern,O=Partner Ltd,C=GB", would_refuse=True),
)

PREVIEW = PreviewView(
    days=30,
    looked_at=1204,
    newly_refused=2,
    newly_admitted=1,
    unknown=0,
    unchanged=1201,
    examples=(
        EffectView(
            effect=Effect.REFUSED,
            fingerprint="a" * 64,
            subject=CLIENTS[0].subject,
            api="orders",
            before="",
            after="untrusted-issuer",
            sentence=Reason.UNTRUSTED_ISSUER.sentence,
            last_seen=days(-0.1),
            count=1234,
        ),
        EffectView(
            effect=Effect.REFUSED,
            fingerprint="b" * 64,
            subject=CLIENTS[1].subject,
            api="",
            before="",
            after="untrusted-issuer",
            sentence=Reason.UNTRUSTED_ISSUER.sentence,
            last_seen=days(-2),
            count=3,
        ),
        EffectView(
            effect=Effect.ADMITTED,
            fingerprint="c" * 64,
            subject="CN=intern,O=Partner Ltd,C=GB",
            api="",
            before="untrusted-issuer",
            after="",
            sentence="its issuer would be trusted",
            last_seen=days(-1),
            count=1,
        ),
    ),
)

AUDIT = (
    AuditView(
        id=2,
        at=days(-0.2),
        actor="token:first",
        action="settings.gateway",
        object="gateway",
        before={"required": False},
        after={"required": True},
        request_id="r2",
    ),
    AuditView(
        id=1,
        at=days(-1),
        actor="certificate:CN=ops",
        action="trusted.add",
        object="devices-ca v1",
        before=None,
        after={"component": 1, "version": 1, "name": HOSTILE[0]},
        request_id="r1",
    ),
)

EXPLAINED = ExplainView(
    about="orders",
    served=False,
    sentence="refused: the certificates presented lead to no trust anchor",
    status=403,
    alert=None,
    reason="untrusted-issuer",
    steps=(
        StepView(
            name="The TLS entry asks for a certificate",
            passed=True,
            detail="type certificate",
            way_out="",
        ),
        StepView(
            name="The certificate is within its validity",
            passed=True,
            detail="until 2027-06-10",
            way_out="",
        ),
        StepView(
            name="Its path ends at a trusted certificate",
            passed=False,
            detail="issuer CN=Partner Root,O=Partner Ltd is not trusted",
            way_out=Reason.UNTRUSTED_ISSUER.way_out,
        ),
    ),
    certificate=certificate(
        "CN=intern,O=Partner Ltd,C=GB", days(320), "CN=Partner Root,O=Partner Ltd"
    ),
)

REVOCATION = RevocationView(
    sources=(
        SourceView(
            source="issuing-ca.crl",
            kind=SourceKind.FILE,
            freshness=Freshness.SOON,
            ends=days(2),
            then=("strict at the gateway: its clients are refused, as revocation-undetermined",),
            lists=(
                ListView(
                    issuer="CN=Issuing CA,O=Example",
                    kind="whole",
                    number=41,
                    entries=12,
                    this_update=days(-28),
                    next_update=days(2),
                    freshness=Freshness.SOON,
                    fault="",
                ),
            ),
        ),
        SourceView(
            source="http://crl.partner.example/root.crl",
            kind=SourceKind.URL,
            freshness=Freshness.MISSING,
            ends=None,
            then=("strict at the gateway: its clients are refused, as revocation-undetermined",),
            lists=(),
            next_try=days(1),
            error="crl.partner.example (10.0.0.7) port 80 is a private address",
        ),
    ),
    ocsp=OcspView(
        good=1_240,
        revoked=3,
        unknown=0,
        ends=days(1),
        then=("strict at the gateway: its clients are refused, as revocation-undetermined",),
        responders=(
            ResponderView(
                url="http://ocsp.example/",
                named=True,
                answers=5_310,
                failures=0,
                error="",
                left_alone_until=None,
            ),
            ResponderView(
                url="http://ocsp.partner.example/",
                named=False,
                answers=0,
                failures=4,
                error="the responder says tryLater",
                left_alone_until=days(1),
            ),
        ),
    ),
)

SOUND = TruststoreView(
    state=StoreState.SOUND,
    detail="",
    verified=NOW - timedelta(seconds=31),
    certificates=4,
    recovery=None,
    database=StoreState.SOUND,
    database_detail="",
)
