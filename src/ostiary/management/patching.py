"""Changes of settings as they are sent: keys of the file, null gives a setting up (RFC 7396)."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ostiary.config.model.base import Unfit, Wrong
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.config.model.name_rule import NameRule
from ostiary.config.text.words import did_you_mean
from ostiary.management.errors import Fault, Locked, Unacceptable
from ostiary.management.name_checks import pattern_faults, rule_faults
from ostiary.management.state import OWN_NAMES
from ostiary.store.database.names import LONGEST_LIST

Auth = TypeVar("Auth", bound=ApiAuth)

_IN_THE_FILE = {
    "trustedCertificates": "upload certificates to the library, and trust them",
    "revocation": "set it in the configuration file",
}
"""Settings that name files, and the other way to what they do."""
_MOST_RULES = 10_000


def read_patch(model: type[Auth], changes: Mapping[str, object]) -> Auth:
    """What is set by the changes, checked; what they give up is None.

    Raises Unacceptable with every fault.
    """
    if not changes:
        raise Unacceptable.one("nothing is to be changed", "give at least one setting")
    fields = field_names(model)
    faults = list(_unknown_keys(changes, fields, gateway=model is GatewayAuth))
    given = {key: value for key, value in changes.items() if value is not None and key in fields}
    names = given.get(OWN_NAMES)
    if isinstance(names, list | tuple) and len(names) > LONGEST_LIST:
        raise Unacceptable.one(
            f"{len(names)} names are too many", f"give at most {LONGEST_LIST}", f"/{OWN_NAMES}"
        )
    try:
        patch = model.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False)[:100]
        raise Unacceptable([*faults, *map(_fault, details)]) from error
    faults.extend(_deep_faults(patch))
    if faults:
        raise Unacceptable(faults)
    return patch


def field_names(model: type[ApiAuth]) -> dict[str, str]:
    """Field of the model by key, without what only the file can give."""
    found = {field.alias or name: name for name, field in model.model_fields.items()}
    return {key: name for key, name in found.items() if key not in _IN_THE_FILE}


def refuse_locked(changes: Mapping[str, object], file: ApiAuth, path: str) -> None:
    """Raises Locked for the first setting that ``file`` gives; ``path`` names the file."""
    for key, field in field_names(type(file)).items():
        if key in changes and getattr(file, field) is not None:
            raise Locked(key, path)


def _unknown_keys(
    changes: Mapping[str, object], fields: Mapping[str, str], *, gateway: bool
) -> Iterator[Fault]:
    for key in changes:
        if key in fields:
            continue
        if key in _IN_THE_FILE:
            yield Fault(
                where=f"/{key}",
                message="files are named in the configuration only",
                way_out=_IN_THE_FILE[key],
            )
        elif not gateway and key in field_names(GatewayAuth):
            yield Fault(
                where=f"/{_pointer(key)}",
                message=f"{key} can't be changed at the API level; it is inherited from the "
                "gateway",
                way_out="change it at the gateway",
            )
        else:
            yield Fault(
                where=f"/{_pointer(key)}",
                message=f"unknown setting {key[:80]!r}",
                way_out=did_you_mean(key[:80], fields),
            )


def _deep_faults(patch: ApiAuth) -> Iterator[Fault]:
    yield from pattern_faults(patch.trusted_distinguished_names or (), f"/{OWN_NAMES}")
    for key, rules in (("allow", patch.allow), ("deny", patch.deny)):
        yield from _rules(rules or (), f"/{key}")


def _rules(rules: tuple[NameRule, ...], where: str) -> Iterator[Fault]:
    if len(rules) > _MOST_RULES:
        yield Fault(where=where, message=f"more than {_MOST_RULES} rules")
        return
    for index, rule in enumerate(rules):
        yield from rule_faults(rule, f"{where}/{index}")


def _fault(details: ErrorDetails) -> Fault:
    where = "".join(f"/{_pointer(str(part))}" for part in details["loc"])
    wrong = details.get("ctx", {}).get("error")
    if isinstance(wrong, Wrong):
        value = details.get("input")
        shown = f"{value[:80]!r} " if isinstance(wrong, Unfit) and isinstance(value, str) else ""
        return Fault(where=where, message=shown + wrong.message, way_out=wrong.way_out)
    if details["type"] == "extra_forbidden" and details["loc"][0] in ("allow", "deny"):
        tests = [field.alias or name for name, field in NameRule.model_fields.items()]
        written = str(details["loc"][-1])[:80]
        return Fault(
            where=where,
            message=f"there is no test {written!r}",
            way_out=did_you_mean(written, tests),
        )
    text = details["msg"]
    return Fault(where=where, message=text[:1].lower() + text[1:])


def _pointer(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")[:200]
