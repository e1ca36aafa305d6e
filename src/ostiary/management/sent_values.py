"""Values that are sent to be written into the configuration file: what can't be written is said."""

import re
from collections.abc import Iterator, Mapping

from ostiary.config.text.environment import MASKED, expand, mask
from ostiary.config.text.scalar import resolve
from ostiary.config.text.tree import Plain
from ostiary.config.text.writing import in_flow, scalar
from ostiary.management.errors import Fault, Unacceptable

_DEEPEST = 40
# What YAML can't hold (its section 5.1), and what no setting may.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def refuse_unfit(value: Plain) -> None:
    """Raises Unacceptable with every fault."""
    faults = list(_faults(value, "", 0))
    if faults:
        raise Unacceptable(faults[:100])


def refuse_unfit_name(name: str) -> None:
    """The same for what the value is called. Raises Unacceptable."""
    faults = list(_key_faults(name, ""))
    if faults:
        raise Unacceptable(faults)


def refuse_unset(value: Plain, environ: Mapping[str, str]) -> None:
    """Raises Unacceptable where a variable is named that has neither value nor default."""
    unset = sorted({name for text in _texts(value) for name in expand(text, environ).missing})
    if unset:
        raise Unacceptable(
            Fault(
                where="",
                message=f"the variable {name!r} isn't set",
                way_out=f"set it for the gateway, or give a default: ${{{name}:-default}}",
            )
            for name in unset
        )


def names_variables(value: Plain) -> bool:
    """Whether any text in it names a variable of the environment."""
    return any(mask(text) != text for text in _texts(value))


def _texts(value: Plain) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _faults(value: Plain, where: str, depth: int) -> Iterator[Fault]:
    if depth > _DEEPEST:
        yield Fault(where=where, message=f"nested deeper than {_DEEPEST} levels")
        return
    if isinstance(value, dict):
        for key, one in value.items():
            pointer = f"{where}/{key.replace('~', '~0').replace('/', '~1')[:80]}"
            yield from _key_faults(key, pointer)
            yield from _faults(one, pointer, depth + 1)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _faults(one, f"{where}/{number}", depth + 1)
    elif isinstance(value, str):
        yield from _text_faults(value, where)
    elif value is not None and not (
        resolve(scalar(value)) == value and resolve(in_flow(value)) == value
    ):
        yield Fault(where=where, message="a number that the file can't hold", way_out="round it")


def _key_faults(key: str, where: str) -> Iterator[Fault]:
    yield from _text_faults(key, where)
    if mask(key) != key:
        yield Fault(where=where, message="a name can't be one of the environment's variables")


def _text_faults(text: str, where: str) -> Iterator[Fault]:
    found = _UNFIT.search(text) or MASKED.search(text)
    if found:
        code = f"U+{ord(found.group()):04X}"
        yield Fault(where=where, message=f"holds {code}, which no setting may", way_out="remove it")
