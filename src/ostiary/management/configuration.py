"""Changes of the configuration file: endpoints, pipelines, and which policies may be used.

The file stays the operator's: what is changed here is changed there, comments and ``${NAME}``
elsewhere stay, and what a change can't be made in without damage is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ostiary.config.hidden import with_secrets, without_secrets
from ostiary.config.model.pipeline import POLICIES
from ostiary.config.sections import Named, Section, items_of, with_item, without_item
from ostiary.config.text.splicing import Entangled, spliced
from ostiary.config.text.tree import Plain, below, plain
from ostiary.management.actors import Actor, Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Conflicting, Forbidden, NotThere
from ostiary.management.ports import FileEdit, Gatekeeper
from ostiary.management.sent_values import (
    names_variables,
    refuse_unfit,
    refuse_unfit_name,
    refuse_unset,
)
from ostiary.management.sights import ChangeView
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work

_TOLD = 50
"""Paths that the audit log tells of one change."""
_LIST = "policies"
_Change = Callable[[Named], Named]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What came of setting something."""

    change: ChangeView
    made: bool
    """Whether it is new."""


class Configuration:
    """The configuration file."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def items(self, actor: Actor, section: Section) -> Mapping[str, Plain]:
        """What is in force, by name, as it is written; variables are replaced by their values, and
        secrets aren't shown.

        Raises Forbidden: values from the environment may be secrets.
        """
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        found = items_of(_written(self._changes.gatekeeper.prepared), section)
        return {name: without_secrets(one) for name, one in found.items()}

    def item(self, actor: Actor, section: Section, name: str) -> Plain:
        """One of them. Raises NotThere, Forbidden."""
        found = self.items(actor, section)
        if name not in found:
            raise NotThere(section.noun, name)
        return found[name]

    async def put(self, order: Order, section: Section, name: str, value: Plain) -> Put:
        """Set one, whole. Where the file says the same already, not a byte of it changes.

        Text may name variables, as in the file: that needs the role admin, since their values can
        then be read. Raises Unacceptable, EngineRefuses, Conflicting, Stale, Forbidden, NotApplied,
        Unavailable.
        """
        refuse_unfit_name(name)
        refuse_unfit(value)
        made = False

        def change(written: Named) -> Named:
            nonlocal made
            before = items_of(written, section)
            made = name not in before
            return with_item(written, section, name, with_secrets(value, before.get(name)))

        need = Role.ADMIN if names_variables(value) else Role.OPERATOR
        edit = _Edit(self._changes.gatekeeper, section.value, name, change, value)
        return Put(change=await self._changes.make(order, need, edit), made=made)

    async def remove(self, order: Order, section: Section, name: str) -> ChangeView:
        """Remove one. Raises NotThere, and what ``put`` raises."""

        def change(written: Named) -> Named:
            if name not in items_of(written, section):
                raise NotThere(section.noun, name)
            return without_item(written, section, name)

        edit = _Edit(self._changes.gatekeeper, section.value, name, change)
        return await self._changes.make(order, Role.OPERATOR, edit)

    async def allow_policy(self, order: Order, name: str) -> ChangeView:
        """Have a policy in the list of those that may be used; without a list all may.

        Raises NotThere for a policy that nobody knows, and what ``put`` raises.
        """
        if name not in POLICIES:
            raise NotThere("policy", name)

        def change(written: Named) -> Named:
            listed = written.get(_LIST)
            if not isinstance(listed, list) or name in listed:
                return written
            return {**written, _LIST: [*listed, name]}

        return await self._set_policies(order, name, change)

    async def forbid_policy(self, order: Order, name: str) -> ChangeView:
        """Have it there no more; nothing happens where it isn't. Raises what ``put`` raises."""

        def change(written: Named) -> Named:
            listed = written.get(_LIST)
            if not isinstance(listed, list):
                raise Conflicting(_NO_LIST)
            return {**written, _LIST: [one for one in listed if one != name]}

        return await self._set_policies(order, name, change)

    async def _set_policies(self, order: Order, name: str, change: _Change) -> ChangeView:
        edit = _Edit(self._changes.gatekeeper, _LIST, name, change)
        return await self._changes.make(order, Role.OPERATOR, edit)


_NO_LIST = (
    "the file has no list 'policies', so that all may be used (write one there, such as "
    "policies: [proxy])"
)


class _Edit:
    """Carries a change of the file into a transaction, whose audit log tells of it."""

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        section: str,
        name: str,
        change: _Change,
        value: Plain = None,
    ) -> None:
        """``value``: what is new."""
        self._gatekeeper = gatekeeper
        self._object = below(section, name)
        self._change = change
        self._value = value

    def __call__(self, _work: Work, _moment: Moment) -> Edited:
        """Raises Conflicting, NotThere, Unacceptable."""
        file = self._gatekeeper.file()
        refuse_unset(self._value, file.environ)
        tree, written = file.prepared.loaded.draft.written, _written(file.prepared)
        try:
            wanted = self._change(written)
            after = spliced(file.content.decode(), tree, file.environ, wanted).encode()
        except Entangled as error:
            raise Conflicting(
                f"{error} (change it in {file.prepared.file}, which the gateway follows)"
            ) from error
        return Edited(
            action="configuration.change",
            object=self._object,
            after=_told(written, wanted),
            file=FileEdit(file.content, after) if after != file.content else None,
        )


def _written(prepared: Prepared) -> Named:
    found = plain(prepared.loaded.draft.written)
    return found if isinstance(found, dict) else {}


def _told(before: Named, after: Named) -> JsonValue:
    """For the audit log: where something is other than before. Values may be secrets."""
    found: dict[str, list[JsonValue]] = {"added": [], "changed": [], "removed": []}
    _compare(before, after, "", found)
    return {
        word: [*paths[:_TOLD], f"and {len(paths) - _TOLD} more"] if len(paths) > _TOLD else paths
        for word, paths in found.items()
        if paths
    }


def _compare(before: Plain, after: Plain, path: str, found: Mapping[str, list[JsonValue]]) -> None:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            _compare(one, other, below(path, number), found)
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            word = "removed" if key not in after else "added"
            if key in before and key in after:
                _compare(before[key], after[key], below(path, key), found)
            else:
                found[word].append(below(path, key))
    else:
        found["changed"].append(path)
