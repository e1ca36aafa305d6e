"""The page of the REST API, from its own description: ``docs/reference/admin-api.md``."""

from collections.abc import Iterator, Mapping
from typing import Any

from ostiary.admin.app import api_of, openapi_of

_HEAD = """\
# Admin API

{notice}

`/api/v1` on the admin listener (`admin` in the configuration, `127.0.0.1:9876` if left out) and
on the unix socket `run/admin.sock` in the state folder. The whole description, OpenAPI 3.1, is at
`/api/v1/openapi.json`.

* **Credentials**: `Authorization: Bearer ost_…`, or a client certificate that `admin.tls.ca` has
  issued, or the unix socket, which only the gateway's own user can open. Roles: `viewer` reads,
  `operator` changes, `admin` also makes tokens, recovers, makes or rotates the authority, and
  names variables of the environment in the configuration. Failed attempts have to wait (`429`,
  `Retry-After`).
* **Lost updates**: answers carry an `ETag`. `PATCH`, `PUT` and `DELETE`, and the `POST`s marked
  below, need `If-Match` with it (`428` without, `412` when somebody else was faster); `If-Match:
  *` takes whatever is there.
* **See before you act**: changes take `dryRun=true`, and answer with a preview instead of changing
  anything. Where there is no such preview, `dryRun` is refused.
* **Errors** are problem details (RFC 9457): `type` is a stable word, `errors` points into what
  was sent.
* **Pages**: `limit` and `cursor`; the next page is in `Link` and in `next`.
* Bodies have at most 1 MiB, uploads and imports 16 MiB.

A change is answered when it acts: on new connections and on open ones. What was acknowledged
survives `kill -9`.
"""


def page(notice: str) -> str:
    """The page as Markdown."""
    found = openapi_of(api_of())
    parts = [_HEAD.format(notice=notice)]
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            parts.extend(_operation(method.upper(), path, operation))
    parts.append(_views(found["components"]["schemas"]))
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## `{method} {path}`\n"
    needs = " Needs `If-Match`." if "428" in operation["responses"] else ""
    yield f"{operation.get('description', '')}{needs}\n"
    rows = [_parameter(one) for one in operation.get("parameters", ()) if one["in"] == "query"]
    if rows:
        yield "\n".join(["| query | default | meaning |", "|---|---|---|", *rows, ""])
    sent = operation.get("requestBody", {}).get("content", {})
    if sent:
        yield f"Body: {', '.join(_body(kind, media) for kind, media in sent.items())}.\n"
    answers = operation["responses"]
    good = next(status for status in answers if status.startswith("2"))
    yield f"Answers `{good}` with {_answer(answers[good])}.\n"


def _parameter(one: Mapping[str, Any]) -> str:
    schema = one["schema"]
    default = f"`{schema['default']}`" if schema.get("default") not in (None, "") else "none"
    return f"| `{one['name']}` | {default} | {one.get('description', '')} |"


def _body(kind: str, media: Mapping[str, Any]) -> str:
    name = _name(media.get("schema", {}))
    return f"`{kind}`" + (f" (`{name}`)" if name else "")


def _answer(answer: Mapping[str, Any]) -> str:
    for kind, media in answer.get("content", {}).items():
        name = _name(media.get("schema", {}))
        return f"`{name}`" if name else f"`{kind}`"
    return "nothing"


def _name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        inner = _name(schema.get("items", {}))
        return f"list of {inner}" if inner else ""
    if "anyOf" in schema:
        return "` or `".join(filter(None, map(_name, schema["anyOf"])))
    return ""


def _views(schemas: Mapping[str, Any]) -> str:
    lines = ["## What answers are made of\n", "| name | fields |", "|---|---|"]
    for name, schema in sorted(schemas.items()):
        fields = ", ".join(f"`{field}`" for field in schema.get("properties", ()))
        words = ", ".join(f"`{word}`" for word in schema.get("enum", ()))
        lines.append(f"| `{name}` | {fields or f'one of {words}'} |")
    return "\n".join([*lines, ""])
