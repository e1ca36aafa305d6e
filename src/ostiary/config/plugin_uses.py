"""Which plug-ins a document wants, and what is wrong with that."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ostiary.config.foreign import POLICIES as FOREIGN
from ostiary.config.model.condition import CONDITIONS
from ostiary.config.model.pipeline import POLICIES
from ostiary.config.model.plugins import use_of
from ostiary.config.text.bare import row_of, table_of
from ostiary.config.text.tree import Leaf, Places, Row, Table, Tree, plain
from ostiary.config.text.words import did_you_mean, quoted
from ostiary.kernel.problems import Problem
from ostiary.plugins.call import Inspected, Kind, Use, normal


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step that names what isn't the gateway's own."""

    use: Use
    label: Tree
    """Where its name is written."""
    parameters: Table


@dataclass(slots=True)
class Plugins:
    """What a document says about plug-ins, gathered while it is shaped."""

    told: list[Problem]
    """Problems of the document's shape, so far."""
    packages: dict[str, Leaf] = field(default_factory=dict)
    """Names under ``plugins`` in their one form (PEP 503), with their places."""
    wanted: list[Wanted] = field(default_factory=list)

    def listed(self, document: Table) -> Table:
        """Look for ``plugins``; return the document with them as a list, in their one form."""
        given = document.entries.get("plugins")
        if given is None:
            return document
        items = given.items if isinstance(given, Row) else (given,)
        leaves = [one for one in items if isinstance(one, Leaf) and isinstance(one.value, str)]
        if len(leaves) < len(items):
            message = "plugins are Python packages here, Express Gateway's are JavaScript"
            self.told.append(_at(given, message, "write a list of packages' names, or remove it"))
        self.packages = {normal(str(one.value)): one for one in leaves}
        named = tuple(replace(leaf, value=name) for name, leaf in self.packages.items())
        return document.having("plugins", replace(row_of(given), items=named))

    def want(self, kind: Kind, name: str, label: Tree, parameters: Table) -> Table:
        """Note a step that names a plug-in; return it in the form of the models."""
        told = plain(parameters)
        use = use_of(kind, name, told if isinstance(told, dict) else {})
        self.wanted.append(Wanted(use, label, parameters))
        tag = "name" if kind is Kind.CONDITION else "policy"
        entries: dict[str, Tree] = {"parameters": parameters}
        for key, value in ((tag, "plugin"), ("plugin", name)):
            entries[key] = Leaf(at=parameters.at, key_at=None, path=parameters.path, value=value)
        return replace(table_of(parameters), entries=entries)

    @property
    def uses(self) -> tuple[Use, ...]:
        """Each once."""
        return tuple(dict.fromkeys(one.use for one in self.wanted))

    def problems(self, found: Inspected) -> Iterator[Problem]:
        """Yield what stands in the way of using them."""
        for package, leaf in self.packages.items():
            if package in found.faults:
                message = f"the package {package[:80]!r} can't be used: {found.faults[package]}"
                yield _at(leaf, message, "ostiary plugins lists those that are installed")
        yield from self._twice(found)
        if found.faults:
            return  # who can tell what they would have had
        for one in self.wanted:
            if one.use not in found.calls:
                yield from _problems(one, found)

    def _twice(self, found: Inspected) -> Iterator[Problem]:
        owners: dict[tuple[Kind, str], str] = {}
        for offer in found.offers:
            own = CONDITIONS if offer.kind is Kind.CONDITION else (*POLICIES, *FOREIGN)
            taken = "the gateway" if offer.name in own else owners.get((offer.kind, offer.name))
            owners[offer.kind, offer.name] = offer.package
            leaf = self.packages.get(offer.package)
            if taken and leaf is not None:
                message = f"its {offer.kind} {offer.name!r} is one of {taken} already"
                yield _at(leaf, message, "name one of them only, or rename the entry point")


def _problems(one: Wanted, found: Inspected) -> Iterator[Problem]:
    use = one.use
    for fault in found.wrong.get(use, ()):
        yield Places(one.parameters).problem(fault.path, fault.message, fault.way_out)
    if use in found.wrong:
        return
    offers = [offer for offer in found.offers if offer.kind is use.kind]
    for offer in offers:
        if offer.name == use.name and offer.fault:
            message = f"the plug-in {use.name!r} of {offer.package} can't be used: {offer.fault}"
            yield _at(one.label, message, "mend the package, or take another version of it")
            return
    own = CONDITIONS if use.kind is Kind.CONDITION else POLICIES
    hint = did_you_mean(use.name, (*own, *(offer.name for offer in offers)))
    yield _at(one.label, f"unknown {use.kind} {quoted(use.name, '')}", hint)


def _at(tree: Tree, message: str, way_out: str) -> Problem:
    return Problem(
        position=tree.key_at or tree.at, path=tree.path, message=message, way_out=way_out
    )
