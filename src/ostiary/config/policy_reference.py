"""The reference of policies and conditions, from their models."""

from typing import get_args

from ostiary.config.expression.judging import COMPARED
from ostiary.config.expression.parsing import SUPPORTED
from ostiary.config.model.base import Model
from ostiary.config.model.condition import CONDITION_MODELS
from ostiary.config.model.pipeline import ACTIONS
from ostiary.config.reference import summary_of, table_of

_INTRODUCTION = """\
Every step of a pipeline has a condition and an action. All steps whose condition is true act, in
their order, until one answers. The examples are items of a pipeline's `policies`. How to use
them: [policies](../how-to/policies.md).

## Expressions

Some values are JavaScript. The forms that HAProxy can work out are translated; all others are
[run by the gateway for each request](../how-to/expressions.md), and `ostiary check` tells which. In
a *template*, `${…}` holds an expression; elsewhere the whole value is one, and text stands in inner
quotes: `'"text"'`. HAProxy works out:
"""

_MISSING = """\
In these, what isn't there is the empty text, and of several headers, or parameters, of one name the
first counts. What is known of the certificate is known of admitted clients only.
"""
_CONDITIONS = """\
The condition `expression` means exactly what its script would, whoever works it out, also of no
header, several, or lists of parameters. HAProxy does, of `req.ip`, `req.hostname`, `req.method`,
`req.protocol`, `req.path`, `req.url`, headers, parameters of the query, `requestID`,
`consumer.id`, `req.secure`, `req.client.authorized` and `consumer`:"""


def page(notice: str) -> str:
    """Return the whole page, Markdown; the same models give the same text."""
    supported = f"{SUPPORTED[0].upper()}{SUPPORTED[1:]}."
    parts = [
        "# Policies and conditions\n",
        notice + "\n",
        _INTRODUCTION,
        supported + "\n",
        _MISSING,
        f"{_CONDITIONS} {COMPARED}.\n",
    ]
    parts.append("## Policies\n")
    for model in sorted(ACTIONS, key=_name):
        parts += _part(model, model.example)
    parts.append("## Conditions\n")
    for model in CONDITION_MODELS:
        parts += _part(model, f"condition: {model.example}")
    return "\n".join(parts)


def _part(model: type[Model], example: str) -> list[str]:
    # Models that are parts of others have their tables on the page of the configuration.
    tables = [text.replace("](#", "](configuration.md#") for text in table_of(model)]
    shown = f"```yaml example\n{example}\n```\n"
    return [f"### {_name(model)}\n", summary_of(model) + "\n", *tables, shown]


def _name(model: type[Model]) -> str:
    field = model.model_fields.get("policy") or model.model_fields["name"]
    return ", ".join(f"`{one}`" for one in get_args(field.annotation))
