"""One shape for the many ways Express Gateway lets a thing be written.

``apiEndpoint`` becomes ``apiEndpoints``, one entry becomes a list of one, ``{policy: steps}``
becomes ``{name, steps}``: the models then know a single form. Values keep their places. What this
version can't honour is told here, by name, and left out, so that the rest can be checked as well.
"""

from collections.abc import Callable
from dataclasses import replace

from ostiary.config.foreign import (
    NODE_OPTIONS,
    PARAMETERS,
    POLICIES,
    PROXY_OPTIONS,
)
from ostiary.config.model.condition import CONDITIONS
from ostiary.config.model.pipeline import POLICIES as OWN_POLICIES
from ostiary.config.plugin_uses import Plugins
from ostiary.config.text.bare import is_nothing, row_of, table_of, without_nulls
from ostiary.config.text.tree import Leaf, Row, Table, Tree
from ostiary.config.text.words import did_you_mean, quoted
from ostiary.kernel.problems import Problem, Severity
from ostiary.plugins.call import Kind

GATEWAY_ONLY = (
    "type",
    "headerPreset",
    "headerName",
    "headerFormat",
    "trustedProxies",
    "proxyProtocol",
    "trustedCertificates",
)
"""Settings of ``clientCertificateAuth`` that APIs inherit as they are."""
_Change = Callable[[Table], Tree]
SECTIONS = (
    "http",
    "https",
    "admin",
    "pki",
    *("apiEndpoints", "serviceEndpoints"),
    *("policies", "plugins", "pipelines"),
    "engine",
    "identity",
    "logs",
    "store",
    "clientCertificateAuth",
    *("truststore", "certificatePolicy", "scripts", "notifications"),
)


class Shaper:
    """Rewrites a tree into the one form; collects problems on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.plugins = Plugins(self.problems)

    def document(self, tree: Table) -> Table:
        """Return the document in the form of the models."""
        for other, name in (
            ("apiEndpoint", "apiEndpoints"),
            ("serviceEndpoint", "serviceEndpoints"),
            ("pipeline", "pipelines"),
        ):
            tree = self._renamed(tree, other, name)
        # An empty section ("pipelines:") is null in YAML and means the same as none.
        tree = self.plugins.listed(without_nulls(tree, *SECTIONS))
        tree = self._under(tree, "https", self._https)
        tree = self._under(tree, "apiEndpoints", self._api_endpoints)
        tree = self._under(tree, "serviceEndpoints", self._service_endpoints)
        pipelines = tree.entries.get("pipelines")
        if isinstance(pipelines, Row):
            tree = tree.having("pipelines", self._named(pipelines))
        return self._under(tree, "pipelines", self._pipelines)

    def _tell(
        self, tree: Tree, message: str, way_out: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        at = tree.key_at or tree.at
        self.problems.append(
            Problem(
                position=at, path=tree.path, message=message, way_out=way_out, severity=severity
            )
        )

    def _under(self, table: Table, key: str, change: _Change) -> Table:
        child = table.entries.get(key)
        return table.having(key, change(child)) if isinstance(child, Table) else table

    def _renamed(self, table: Table, other: str, name: str) -> Table:
        given = table.entries.get(other)
        if given is None:
            return table
        if name in table.entries:
            self._tell(given, f"{name} is given as well", f"put everything into {name}")
            return table.without(other)
        entries = {name if k == other else k: v for k, v in table.entries.items()}
        return replace(table, entries=entries)

    # -- listeners ---------------------------------------------------------------------------

    def _https(self, table: Table) -> Table:
        return self._under(without_nulls(table, "tls", "options"), "options", self._options)

    def _options(self, table: Table) -> Table:
        for key, value in table.entries.items():
            if key in NODE_OPTIONS:
                self._tell(value, f"the option {key!r} can't be honoured", NODE_OPTIONS[key])
        table = table.without(*NODE_OPTIONS)
        for key in ("minVersion", "maxVersion"):
            version = table.entries.get(key)
            if isinstance(version, Leaf) and version.value in {"TLSv1", "TLSv1.1", "SSLv3"}:
                message = f"{version.value} is broken and never offered (RFC 8996)"
                self._tell(version, message, "use TLSv1.2 or TLSv1.3")
                table = table.without(key)
        return table

    # -- endpoints ---------------------------------------------------------------------------

    def _api_endpoints(self, table: Table) -> Table:
        shaped: dict[str, Tree] = {}
        for name, value in table.entries.items():
            row = value if isinstance(value, Row) else replace(row_of(value), key_at=value.key_at)
            items = (self._api_endpoint(i) if isinstance(i, Table) else i for i in row.items)
            shaped[name] = replace(row, items=tuple(items))
        return replace(table, entries=shaped)

    def _api_endpoint(self, table: Table) -> Table:
        table = self._renamed(table, "path", "paths")
        host = table.entries.get("host")
        if isinstance(host, Leaf) and host.value in {"", "*", None}:
            table = table.without("host")
        table = without_nulls(table, "scopes")
        return self._under(table, "clientCertificateAuth", self._api_auth)

    def _api_auth(self, table: Table) -> Table:
        """What an API inherits from the gateway can't be changed there (the fourth seed's note)."""
        for key in GATEWAY_ONLY:
            value = table.entries.get(key)
            if value is None:
                continue
            message = (
                "the type can't be changed at the API level; it is inherited from the gateway"
                if key == "type"
                else f"{key} can't be set at the API level; it is inherited from the gateway"
            )
            self._tell(value, message, "set it in the gateway's clientCertificateAuth")
        return table.without(*GATEWAY_ONLY)

    def _service_endpoints(self, table: Table) -> Table:
        shaped = {
            name: self._under(value, "proxyOptions", self._proxy_options)
            if isinstance(value, Table)
            else value
            for name, value in table.entries.items()
        }
        return replace(table, entries=shaped)

    def _proxy_options(self, table: Table) -> Table:
        """Leave out what does nothing; tell what can't be honoured."""
        for key, (default, way_out) in PROXY_OPTIONS.items():
            value = table.entries.get(key)
            if value is None:
                continue
            if not (is_nothing(value) or (isinstance(value, Leaf) and value.value == default)):
                self._tell(value, f"the proxy option {key!r} can't be honoured", way_out)
        return table.without(*PROXY_OPTIONS)

    # -- pipelines ---------------------------------------------------------------------------

    def _named(self, row: Row) -> Table:
        """Turn a list of pipelines into a mapping: by ``name``, else by number."""
        named: dict[str, Tree] = {}
        for number, item in enumerate(row.items):
            name = item.entries.get("name") if isinstance(item, Table) else None
            word = str(name.value) if isinstance(name, Leaf) else str(number)
            if word in named:
                self._tell(item, f"a second pipeline named {word!r}", "give it another name")
                continue
            named[word] = item.without("name") if isinstance(item, Table) else item
        return Table(at=row.at, key_at=row.key_at, path=row.path, entries=named)

    def _pipelines(self, table: Table) -> Table:
        shaped = {
            name: self._pipeline(value) if isinstance(value, Table) else value
            for name, value in table.entries.items()
        }
        return replace(table, entries=shaped)

    def _pipeline(self, table: Table) -> Table:
        table = self._renamed(table, "apiEndpoint", "apiEndpoints")
        policies = table.entries.get("policies")
        if not isinstance(policies, Row):
            return table
        uses = (self._policy(item) for item in policies.items)
        items = tuple(use for use in uses if use is not None)
        return table.having("policies", replace(policies, items=items))

    def _policy(self, item: Tree) -> Tree | None:
        """Return ``{name, steps}``, or None when the policy can't be used (and was told)."""
        if isinstance(item, Leaf) and isinstance(item.value, str):
            item = replace(table_of(item), entries={item.value: replace(item, value=None)})
        if not isinstance(item, Table) or not item.entries:
            self._tell(item, "a policy is a mapping with one key", "write - proxy: or - terminate:")
            return None
        if len(item.entries) > 1:
            names = ", ".join(item.entries)
            message = f"one list item has several policies ({names[:80]})"
            self._tell(item, message, "start each policy with its own '-'")
            return None
        name, body = next(iter(item.entries.items()))
        if name not in OWN_POLICIES and (name in POLICIES or not self.plugins.packages):
            self._unknown(body, "policy", name, POLICIES, OWN_POLICIES)
            return None
        steps = body.items if isinstance(body, Row) and body.items else (body,)
        row = Row(at=body.at, key_at=body.key_at, path=body.path, items=())
        shaped = tuple(self._step(step, name) for step in steps)
        label = Leaf(at=item.at, key_at=None, path=item.path, value=name)
        return replace(item, entries={"name": label, "steps": replace(row, items=shaped)})

    def _unknown(
        self, tree: Tree, noun: str, name: str, theirs: frozenset[str], ours: tuple[str, ...]
    ) -> None:
        if name in theirs:
            message = f"this version doesn't have the {noun} {name!r} yet"
            self._tell(tree, message, f"it has: {', '.join(ours)}")
            return
        self._tell(tree, f"unknown {noun} {quoted(name, '')}", did_you_mean(name, ours))

    def _step(self, step: Tree, policy: str) -> Tree:
        if is_nothing(step):
            step = table_of(step)
        if not isinstance(step, Table):
            return step
        step = without_nulls(step, "action", "condition")
        condition = step.entries.get("condition")
        if condition is not None:
            step = step.having("condition", self._condition(condition))
        action = step.entries.get("action") or replace(table_of(step), key_at=None)
        return step.having("action", self._action(action, policy))

    def _action(self, action: Tree, policy: str) -> Tree:
        if not isinstance(action, Table):
            return action
        if "policy" in action.entries:
            self._tell(action.entries["policy"], "unknown key 'policy'", "remove it")
        if policy not in OWN_POLICIES:
            return self.plugins.want(Kind.POLICY, policy, action, action)
        if policy == "proxy":
            action = self._under(self._proxy_options(action), "proxyOptions", self._proxy_options)
            deprecated = action.entries.get("proxyOptions")
            if deprecated is not None:
                advice = "put them into the serviceEndpoint's proxyOptions"
                message = "proxyOptions of an action are deprecated"
                self._tell(deprecated, message, advice, Severity.WARNING)
        action = self._parameters(action, policy)
        label = Leaf(at=action.at, key_at=None, path=action.path, value=policy)
        return action.having("policy", label)

    def _parameters(self, action: Table, policy: str) -> Table:
        """Leave out what would do nothing; tell what can't be honoured."""
        known = PARAMETERS.get(policy, {})
        for key, (default, way_out) in known.items():
            value = action.entries.get(key)
            if value is None or is_nothing(value):
                continue
            if not (isinstance(value, Leaf) and value.value == default):
                self._tell(value, f"{key} of {policy} can't be honoured", way_out)
        return action.without(*known)

    def _condition(self, tree: Tree) -> Tree:
        """Shape a condition; one that can't be used becomes ``never`` (and was told)."""
        if not isinstance(tree, Table):
            self._tell(tree, "a condition is a mapping with a name", "write condition: {name: …}")
            return _never(tree)
        name = tree.entries.get("name")
        if not isinstance(name, Leaf) or not isinstance(name.value, str):
            self._tell(tree, "a condition needs a name", f"one of: {', '.join(CONDITIONS)}")
            return _never(tree)
        if name.value not in CONDITIONS and self.plugins.packages:
            return self.plugins.want(Kind.CONDITION, name.value, name, tree.without("name"))
        if name.value not in CONDITIONS:
            message = f"unknown condition {quoted(name.value, '')}"
            self._tell(name, message, did_you_mean(name.value, CONDITIONS))
            return _never(tree)
        inner = tree.entries.get("condition")
        if inner is not None:
            tree = tree.having("condition", self._condition(inner))
        several = tree.entries.get("conditions")
        if isinstance(several, Row):
            items = tuple(self._condition(item) for item in several.items)
            tree = tree.having("conditions", replace(several, items=items))
        return tree


def _never(tree: Tree) -> Table:
    label = Leaf(at=tree.at, key_at=None, path=tree.path, value="never")
    return replace(table_of(tree), entries={"name": label})
