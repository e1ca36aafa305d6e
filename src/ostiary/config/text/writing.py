"""Plain values as YAML and JSON text that is read back as just these values."""

import json
from typing import Any

import yaml

from ostiary.config.text.environment import mask
from ostiary.config.text.scalar import resolve
from ostiary.config.text.tree import Plain

STEP = 2
"""Columns that a part stands further to the right than the whole."""
_ENDLESS = 2**31


def in_flow(value: Plain, *, lines: bool = False) -> str:
    """JSON, which is YAML, too: on one line, or with a line for each part."""
    return json.dumps(value, ensure_ascii=False, indent=STEP if lines else None)


def in_block(value: Plain) -> str:
    """YAML with a line for each part, without a line break at its end."""
    if not value or not isinstance(value, dict | list):
        return scalar(value)
    return _dumped(value)


def scalar(value: Plain) -> str:
    """A value without parts, or an empty collection, on one line."""
    return _dumped([value]).removeprefix("- ")


def _dumped(value: Plain) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True,
        width=_ENDLESS, indent=STEP,
    )  # fmt: skip
    return text.rstrip("\n")


class _Dumper(yaml.SafeDumper):
    """Lists stand to the right of their key; nothing is written as an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's own parameters
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Quoted what our reader, by YAML 1.2, or one of the environment takes for something else."""
    odd = resolve(text) is not text or mask(text) != text or text.startswith("+")
    return '"' if odd or not text.isprintable() else None


_Dumper.add_representer(str, _text)
