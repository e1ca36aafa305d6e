"""Which verbs there are, told without importing any of them: help and completion answer at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its line in the help of the root, and the modules in which it is registered."""

    told: str
    modules: tuple[str, ...]


VERBS = {
    "run": Verb("Run the gateway in the foreground. Prints `ready` when it serves.", ("run",)),
    "check": Verb(
        "Validate the configuration, the files it names, and what HAProxy says to it.", ("check",)
    ),
    "demo": Verb(
        "Show a gateway at work: certificates made on the spot, a sample service, HAProxy.",
        ("demo",),
    ),
    "doctor": Verb(
        "Look after an installation: engine, OpenSSL, files, ports, certificates, clock, limits.",
        ("doctor",),
    ),
    "import": Verb("Come from another gateway.", ("importing",)),
    "explain": Verb("Explain step by step why a client is let in or refused.", ("explain",)),
    "overview": Verb(
        "Show how the gateway is doing: traffic, refusals by reason, what ends soon, "
        "what is wrong.",
        ("seen",),
    ),
    "events": Verb(
        "Show refusals as they happen, and what report-only policies would refuse.", ("seen",)
    ),
    "audit": Verb("Show what was changed and by whom, the latest first.", ("seen",)),
    "notifications": Verb(
        "Show what operators were told: what ends soon, who was revoked or blocked; latest first.",
        ("notifications",),
    ),
    "webhooks": Verb("Receivers of notifications.", ("webhooks",)),
    "api": Verb(
        "APIs: what each inherits from the gateway's client certificate authentication, "
        "and what it overrides.",
        ("apis",),
    ),
    "clients": Verb("Client certificates that were seen.", ("clients", "blocking")),
    "client-auth": Verb(
        "Client Certificate Auth of the gateway: its type, and what is asked of every client.",
        ("gateway_auth",),
    ),
    "trust": Verb(
        "Trusted certificates: authorities, or single certificates.",
        ("trust", "library", "revocation"),
    ),
    "dn": Verb(
        "Trusted distinguished names: which subjects pass, at the gateway or at one API.",
        ("names",),
    ),
    "users": Verb("Users: consumers of APIs, and owners of apps.", ("users",)),
    "apps": Verb("Apps: consumers of APIs that users own.", ("consumer_apps",)),
    "credentials": Verb(
        "Credentials of users and apps: keys, passwords, certificates.", ("credentials",)
    ),
    "consumers": Verb(
        "Many users, apps and credentials at once, from a file or to one.", ("consumers",)
    ),
    "scopes": Verb("Scopes: what credentials can be allowed.", ("scopes",)),
    "tokens": Verb("Credentials of console and admin API.", ("tokens",)),
    "ca": Verb(
        "A certificate authority of your own, in the state folder.",
        ("ca", "ca_issuing", "ca_revoking", "ca_enrolling", "ca_publishing"),
    ),
}
"""In the order of the help. A test holds each line against what the command says of itself."""
