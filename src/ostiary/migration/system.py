"""``system.config.yml`` and ``models/*.json``: what becomes of them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ostiary.config.text.reading import read
from ostiary.config.text.tree import Leaf, Table, Tree
from ostiary.migration.findings import Finding, Verdict, in_order, of_problems
from ostiary.migration.units import text_of

_NONE_ISSUED = "Ostiary issues no OAuth 2.0 tokens"
_ISSUED_ELSEWHERE = (
    "let an authorization server issue them, and check them by jwt or oauth2-introspect"
)
_SESSIONS = "there are no sessions: they served the login page of oauth2 only"
_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "crypto": "passwords that bcrypt hashed stay good; new ones are hashed by argon2id; "
        "nothing else is encrypted with the cipher key",
        "cli": "eg finds the admin API by EG_ADMIN_URL",
    }
)
_OF_TOKENS = ("session", "accessTokens", "refreshTokens", "authorizationCodes")
# The models as they come with Express Gateway 1.16.11.
_MODELS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "users.json": frozenset({"username", "firstname", "lastname", "email", "redirectUri"}),
        "applications.json": frozenset({"name", "redirectUri"}),
        "credentials.json": frozenset({"basic-auth", "key-auth", "jwt", "oauth2"}),
    }
)


def judge_system(
    text: str, file: str, environ: Mapping[str, str], *, issues_tokens: bool, lacking: bool
) -> tuple[Finding, ...]:
    """Each section of the system configuration. ``issues_tokens``: a pipeline uses ``oauth2``;
    ``lacking``: pipelines use what isn't here. Raises nothing."""
    reading = read(text, file, environ)
    found = list(of_problems(reading.problems))
    for key, value in reading.tree.entries.items() if reading.tree is not None else ():
        found.extend(_section(key, value, issues_tokens=issues_tokens, lacking=lacking))
    return in_order(found)


def namespace_of(text: str, file: str, environ: Mapping[str, str]) -> str:
    """What keys in Redis begin with."""
    tree: Tree | None = read(text, file, environ).tree
    for key in ("db", "redis"):
        tree = tree.entries.get(key) if isinstance(tree, Table) else None
    return text_of(tree, "namespace") or "EG"


def judge_model(name: str, text: str, file: str) -> tuple[Finding, ...]:
    """A model of users, applications or credentials: may it have what it asks for?"""
    reading = read(text, file, {})
    known = _MODELS.get(name)
    tree = reading.tree
    if tree is None or known is None:
        return of_problems(reading.problems)
    properties = tree.entries.get("properties")
    found = [
        _impossible(value, f"{name.removesuffix('.json')} can't have {key!r} here", _NO_PROPERTY)
        for key, value in (properties.entries.items() if isinstance(properties, Table) else ())
        if key not in known
    ]
    return tuple(found) or (_same(tree),)


_NO_PROPERTY = "keep it elsewhere, by the consumer's id; 'ostiary import' leaves it out"


def _section(key: str, value: Tree, *, issues_tokens: bool, lacking: bool) -> Iterator[Finding]:
    if key == "plugins":
        yield from _plugins(value, lacking=lacking)
    elif key == "db":
        yield _differs(value, *_database(value))
    elif key in _OF_TOKENS:
        if issues_tokens:
            yield _impossible(value, _NONE_ISSUED, _ISSUED_ELSEWHERE)
        else:
            yield _differs(value, _SESSIONS if key == "session" else f"not used: {_NONE_ISSUED}")
    else:
        yield _differs(value, _ELSEWHERE.get(key, "not used"))


def _database(db: Tree) -> tuple[str, str]:
    redis = db.entries.get("redis") if isinstance(db, Table) else None
    emulated = redis.entries.get("emulate") if isinstance(redis, Table) else None
    kept = "consumers are kept in Ostiary's own store"
    if isinstance(emulated, Leaf) and str(emulated.value).lower() == "true":
        return f"{kept}; here they are in the process's memory only", (
            "while it runs, take them by --admin-url"
        )
    return f"{kept}, not in Redis", "take them by --consumers from a dump, or by --admin-url"


def _plugins(value: Tree, *, lacking: bool) -> Iterator[Finding]:
    if not isinstance(value, Table) or not value.entries:
        yield _same(value)
        return
    for name, plugin in value.entries.items():
        if lacking:
            yield _impossible(
                plugin,
                f"the plug-in {name!r} is JavaScript for Express Gateway",
                "use policies and conditions that Ostiary has in their place",
            )
        else:
            yield _differs(
                plugin,
                "not loaded, and not needed: the pipelines use nothing that isn't here",
                "look whether it had routes of its own",
            )


def _same(tree: Tree) -> Finding:
    return Finding(position=tree.key_at or tree.at, path=tree.path, verdict=Verdict.SAME)


def _differs(tree: Tree, message: str, way_out: str = "") -> Finding:
    return _finding(tree, Verdict.DIFFERS, message, way_out)


def _impossible(tree: Tree, message: str, way_out: str) -> Finding:
    return _finding(tree, Verdict.IMPOSSIBLE, message, way_out)


def _finding(tree: Tree, verdict: Verdict, message: str, way_out: str) -> Finding:
    return Finding(
        position=tree.key_at or tree.at,
        path=tree.path,
        verdict=verdict,
        message=message,
        way_out=way_out,
    )
