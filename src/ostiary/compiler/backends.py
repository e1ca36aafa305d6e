"""Branches of pipelines and services as backends."""

from collections.abc import Collection, Mapping

from ostiary.compiler.bundle import Materials, Place
from ostiary.compiler.pipelines import Branch, CompiledPipeline
from ostiary.compiler.routes import RouteTable
from ostiary.compiler.upstreams import health_lines, needs_checks, rewriting, server_lines
from ostiary.config.model.document import Document
from ostiary.config.model.proxy import ProxyOptions, Target
from ostiary.config.proxying import effective_proxy
from ostiary.haproxy.files import Section


def backend_sections(
    document: Document,
    materials: Materials,
    place: Place,
    pipelines: Mapping[str, CompiledPipeline],
    table: RouteTable,
) -> list[Section]:
    """One backend a branch; a watched service also gets one that asks for its health, once."""
    yard = _Yard(document, materials, place)
    lengths: dict[str, set[int]] = {name: set() for name in document.api_endpoints}
    for route in table.routes:
        lengths[route.endpoint].add(route.strip)
    sections = []
    for name, compiled in pipelines.items():
        endpoints = document.pipelines[name].api_endpoints
        strips = set[int]().union(*(lengths[endpoint] for endpoint in endpoints))
        sections += [yard.branch(branch, strips) for branch in compiled.branches]
    return [*sections, *yard.watchers.values()]


class _Yard:
    """Collects the health-watching backends while the branches are made."""

    def __init__(self, document: Document, materials: Materials, place: Place) -> None:
        self.watchers: dict[tuple[str, bool, Target | None], Section] = {}
        self._document = document
        self._materials = materials
        self._place = place

    def branch(self, branch: Branch, strips: Collection[int]) -> Section:
        """The backend of one branch; ``strips``: what ``stripPath`` may have to take away."""
        lines = list(branch.rules)
        action = branch.proxy
        if action is not None:
            options = effective_proxy(self._document, action)
            service = self._document.service_endpoints[action.service_endpoint]
            lines += rewriting(service, options, strips, f"{self._place.folder}/strips.map")
            lines += _timeouts(options)
            watcher = self._watcher(action.service_endpoint, options)
            lines += self._servers(action.service_endpoint, options, watcher)
        return Section(f"backend {branch.name}", tuple(lines), branch.origin)

    def _servers(self, name: str, options: ProxyOptions, track: str) -> list[str]:
        return server_lines(
            self._document.service_endpoints[name],
            options,
            self._materials,
            lambda file: f"{self._place.folder}/{file}",
            system_roots=self._place.system_roots,
            track=track,
        )

    def _watcher(self, name: str, options: ProxyOptions) -> str:
        service = self._document.service_endpoints[name]
        if not needs_checks(service):
            return ""
        relevant = ProxyOptions(secure=options.secure, target=options.target)
        at = list(self._document.service_endpoints).index(name) + 1
        known = [key for key in self.watchers if key[0] == name]
        key = (name, options.secure, options.target)
        if key not in self.watchers:
            title = f"sv{at}_{len(known) + 1}"
            lines = (*health_lines(service), *self._servers(name, relevant, ""))
            self.watchers[key] = Section(f"backend {title}", lines, f"serviceEndpoints.{name}")
        return self.watchers[key].title.removeprefix("backend ")


def _timeouts(options: ProxyOptions) -> list[str]:
    wanted = [f"timeout server {options.proxy_timeout}ms"] if options.proxy_timeout else []
    return [*wanted, f"timeout tunnel {options.timeout}ms"] if options.timeout else wanted
