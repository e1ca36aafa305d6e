"""What Express Gateway 1.16.11 does otherwise, told only where an installation uses it.

What our own check finds is not repeated here. Why each difference is so:
``docs/coming-from-express-gateway.md``.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from ostiary.config.text.tree import Leaf, Row, Table, Tree
from ostiary.migration.findings import Finding, Verdict
from ostiary.migration.units import (
    conditions_of,
    policies_of,
    relative_names,
    section,
    steps_of,
    text_of,
)

_AUTHENTICATED = (
    "a client's own eg-consumer-id never reaches the service; 401 comes with WWW-Authenticate"
)
_POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "terminate": "answers text/plain without an ETag, not text/html",
        "key-auth": _AUTHENTICATED,
        "basic-auth": _AUTHENTICATED,
        "jwt": f"{_AUTHENTICATED}; the endpoint's scopes must be there, else 403; the kind of key "
        "says which algorithms there may be; without checkCredentialExistence eg-consumer-id is a "
        "UUID",
        "oauth2-introspect": f"{_AUTHENTICATED}; the token comes in Authorization: Bearer alone; a "
        "lacking scope is 403, and a server that can't be asked 503; eg-consumer-id is a UUID",
        "cors": "what the service says about origins doesn't replace what the policy says",
        "expression": "it may set headers of the request that stand in it by name, and variables "
        "for later scripts of its pipeline; nothing else",
        "log": "the message is in the request's line of the access log, not on a line of its own",
        "response-transformer": "values are worked out when the step runs, before the answer",
        "rewrite": "sees the path; the query stays as it is",
        "proxy": "the service gets X-Forwarded-For, -Host and -Proto, never the client's own; "
        "503 where no connection can be made and 504 where an answer is late, not always 502",
    }
)
_CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "tlsClientAuthenticated": "judged on each request; in Express Gateway a client without a "
        "certificate passes on a resumed TLS 1.3 session",
        "expression": "JavaScript is run in a process of its own; what scripts see and may do is "
        "told in docs/how-to/expressions.md",
        "json-schema": "its step acts in its place, not behind the steps of all other policies; "
        "larger bodies than scripts.bodyLimitKb are 413, from 16 KB on unless told otherwise, not "
        "from 100 KB on",
        "pathExact": "sees the path in its one form (without //, /../ or %61), with the query",
        "pathMatch": "sees the path in its one form (without //, /../ or %61), with the query",
    }
)
_RATE_KEYS = (
    "steps with the same key shared one count, in Redis; here each step counts for itself, in the "
    "memory of the engine"
)
_RATE_DELAYS = (
    "from the second request in a window on, each was delayed (delayAfter 1, delayMs 1000 unless "
    "told otherwise); here none is"
)
_ANSWERING = frozenset({"terminate", "proxy", "redirect"})


def differences(tree: Table) -> Iterator[Finding]:
    """All of them, in a configuration as it was written."""
    yield from _admin(tree)
    yield from _listener(tree)
    yield from _endpoints(tree)
    yield from _whitelist(tree)
    for leaf in relative_names(tree):
        yield differs(
            leaf,
            "begins at the folder of the configuration file, not at the one the process was "
            "started in",
            "--out writes it so",
        )
    for name, step in steps_of(tree):
        yield from _step(name, step)
    pipelines = section(tree, "pipelines")
    for pipeline in pipelines.entries.values() if isinstance(pipelines, Table) else ():
        yield from _falling_through(pipeline)


def differs(tree: Tree, message: str, way_out: str = "") -> Finding:
    """A finding at this place."""
    return Finding(
        position=tree.key_at or tree.at,
        path=tree.path,
        verdict=Verdict.DIFFERS,
        message=message,
        way_out=way_out,
    )


def _admin(tree: Table) -> Iterator[Finding]:
    admin = tree.entries.get("admin")
    if isinstance(admin, Table):
        yield differs(
            admin,
            "the admin API asks for a token, and beyond loopback for TLS",
            "make one with 'ostiary tokens create' and give it to eg by -H 'Authorization: …'",
        )


def _listener(tree: Table) -> Iterator[Finding]:
    https = tree.entries.get("https")
    tls = https.entries.get("tls") if isinstance(https, Table) else None
    options = https.entries.get("options") if isinstance(https, Table) else None
    if isinstance(options, Table) and "crl" in options.entries:
        yield differs(
            options.entries["crl"],
            "counts at every tls entry; Express Gateway forgets it as soon as one has a name",
        )
    earlier: list[str] = []
    for name, entry in tls.entries.items() if isinstance(tls, Table) else ():
        yield from _sni(name, entry, earlier)
        earlier.append(name)


def _sni(name: str, entry: Tree, earlier: list[str]) -> Iterator[Finding]:
    if name.startswith("*."):
        yield differs(entry, "'*.' stands for one label only: not for a.b" + name[1:])
    if "*" in name or name == "default":
        return
    hidden = [one for one in earlier if one != "default" and fnmatchcase(name, one)]
    if hidden:
        yield differs(
            entry,
            f"used for its name; Express Gateway takes {hidden[0]!r}, which stands before it",
        )


def _endpoints(tree: Table) -> Iterator[Finding]:
    found = section(tree, "apiEndpoints")
    for entry in found.entries.values() if isinstance(found, Table) else ():
        for one in entry.items if isinstance(entry, Row) else (entry,):
            methods = one.entries.get("methods") if isinstance(one, Table) else None
            if methods is not None and not {"*", "OPTIONS"} & set(_words(methods)):
                yield differs(
                    methods,
                    "OPTIONS is answered 404, not 200 with a list of methods",
                    "name OPTIONS in methods to have it run the pipeline",
                )


def _words(tree: Tree) -> Iterator[str]:
    for one in tree.items if isinstance(tree, Row) else (tree,):
        if isinstance(one, Leaf):
            yield from (word.strip().upper() for word in str(one.value).split(","))


def _whitelist(tree: Table) -> Iterator[Finding]:
    policies = tree.entries.get("policies")
    for one in policies.items if isinstance(policies, Row) else ():
        if isinstance(one, Leaf) and one.value == "oauth2":
            yield differs(
                one,
                "GET /login, /oauth2/authorize, POST /oauth2/token and the like were answered "
                "before all pipelines; here nothing does",
                "let an authorization server issue tokens",
            )


def _step(name: str, step: Tree) -> Iterator[Finding]:
    action = step.entries.get("action") if isinstance(step, Table) else None
    if name in _POLICIES:
        yield differs(step, _POLICIES[name])
    if name == "rate-limit":
        yield differs(step, _RATE_KEYS)
        if not _is_zero(action, "delayMs") and not _is_zero(action, "delayAfter"):
            yield differs(step, _RATE_DELAYS, "choose max for what may pass")
    for condition in conditions_of(step):
        told = _CONDITIONS.get(text_of(condition, "name"))
        if told:
            yield differs(condition, told)


def _is_zero(action: Tree | None, key: str) -> bool:
    value = action.entries.get(key) if isinstance(action, Table) else None
    return isinstance(value, Leaf) and str(value.value) == "0"


def _falling_through(pipeline: Tree) -> Iterator[Finding]:
    """A pipeline some requests of which no step answers."""
    for name, body in policies_of(pipeline):
        steps = body.items if isinstance(body, Row) and body.items else (body,)
        if name in _ANSWERING and any(_is_unconditional(step) for step in steps):
            return
    yield differs(
        pipeline,
        "what none of its steps answers is 404; Express Gateway goes on to the next endpoint that "
        "matches",
    )


def _is_unconditional(step: Tree) -> bool:
    condition = step.entries.get("condition") if isinstance(step, Table) else None
    return (
        condition is None
        or (isinstance(condition, Leaf) and condition.value is None)
        or (text_of(condition, "name") == "always")
    )
