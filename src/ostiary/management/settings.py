"""Settings of the gateway and of single APIs."""

from collections.abc import Callable, Iterable, Mapping

from ostiary.config.effective import file_auth_of
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.config.model.document import Document
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import NotThere
from ostiary.management.locked import file_of
from ostiary.management.patching import field_names, read_patch, refuse_locked
from ostiary.management.policy_views import api_view, gateway_view
from ostiary.management.sights import ChangeView
from ostiary.management.state import OWN_NAMES, Touched
from ostiary.management.views import ApiView, GatewayView
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import JsonValue, Role, Scope
from ostiary.store.database.work import Work

_TOLD_NAMES = 200
FileAuth = Callable[[Prepared], ApiAuth]


class Settings:
    """Settings of the gateway and of single APIs."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def document(self) -> Document:
        """The configuration file in force."""
        return self._changes.gatekeeper.prepared.document

    def revision(self) -> int:
        """The revision in force, for ``if_match``. Grows with each change."""
        state = self._changes.state
        return state.revision if state else self._changes.load().revision

    def gateway(self) -> GatewayView:
        """*Gateway information*."""
        state = self._changes.state or self._changes.load()
        return gateway_view(self._changes.gatekeeper.prepared, state)

    def apis(self, *, search: str = "") -> tuple[ApiView, ...]:
        """Every API of the document, and those that have settings but are gone from it."""
        state = self._changes.state or self._changes.load()
        prepared = self._changes.gatekeeper.prepared
        names = dict.fromkeys((*prepared.document.api_endpoints, *sorted(state.managed.apis)))
        wanted = [name for name in names if search.lower() in name.lower()]
        return tuple(api_view(prepared, state, name) for name in wanted)

    def api(self, name: str) -> ApiView:
        """One API. Raises NotThere."""
        state = self._changes.state or self._changes.load()
        prepared = self._changes.gatekeeper.prepared
        if name not in prepared.document.api_endpoints and name not in state.managed.apis:
            raise NotThere("API", name)
        return api_view(prepared, state, name)

    async def set_gateway(self, order: Order, changes: Mapping[str, object]) -> ChangeView:
        """Change some settings; keys as in the file's ``clientCertificateAuth`` (``type``,
        ``required``, ``reportOnly``, ``headerName``, ...), None gives one up (RFC 7396).

        Raises Unacceptable, Locked, Stale, Forbidden, EngineRefuses, NotApplied, Unavailable.
        """
        patch = read_patch(GatewayAuth, changes)
        edit = _Edit("gateway.set", Scope(), patch, changes, _file_of_gateway)
        return await self._changes.make(order, Role.OPERATOR, edit)

    async def set_api(self, order: Order, name: str, changes: Mapping[str, object]) -> ChangeView:
        """The same for one API: ``required``, ``trustedDistinguishedNames``, ``allow``, ``deny``,
        ``reportOnly``; None inherits again. Raises NotThere besides."""
        self.api(name)
        patch = read_patch(ApiAuth, changes)
        edit = _Edit("api.set", Scope(name), patch, changes, _file_of_api(name))
        return await self._changes.make(order, Role.OPERATOR, edit)

    async def clear_api(self, order: Order, name: str) -> ChangeView:
        """Give up all that was set for one API here: it inherits again."""
        self.api(name)
        changes = dict.fromkeys(field_names(ApiAuth))

        def edit(work: Work, _moment: Moment) -> Edited:
            scope = Scope(name)
            before = _told(work, scope, changes)
            work.settings.clear(scope)
            work.names.clear(scope)
            return Edited(action="api.clear", object=name, before=before, touched=_touched(changes))

        return await self._changes.make(order, Role.OPERATOR, edit)


class _Edit:
    """Carries the settings of one scope into a transaction."""

    def __init__(
        self,
        action: str,
        scope: Scope,
        patch: ApiAuth,
        changes: Mapping[str, object],
        file: FileAuth,
    ) -> None:
        self._action = action
        self._scope = scope
        self._patch = patch
        self._changes = changes
        self._file = file

    def __call__(self, work: Work, moment: Moment) -> Edited:
        """Raises Locked."""
        prepared = moment.in_force
        refuse_locked(self._changes, self._file(prepared), file_of(prepared))
        before = _told(work, self._scope, self._changes)
        values = self._patch.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key in self._changes:
            if key == OWN_NAMES:
                self._names(work, moment)
            elif key in values:
                work.settings.put(self._scope, key, values[key])
            else:
                work.settings.remove(self._scope, key)
        return Edited(
            action=self._action,
            object=self._scope.api or "gateway",
            before=before,
            after=_told(work, self._scope, self._changes),
            touched=_touched(self._changes),
        )

    def _names(self, work: Work, moment: Moment) -> None:
        patterns = self._patch.trusted_distinguished_names
        put_names(work, self._scope, patterns, moment)


def put_names(
    work: Work,
    scope: Scope,
    patterns: Iterable[str] | None,
    moment: Moment,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Make a scope's list just these; None: it has no list, and inherits."""
    if patterns is None:
        work.names.clear(scope)
        work.settings.remove(scope, OWN_NAMES)
        return
    by = moment.actor.name
    count = work.names.replace(scope, patterns, notes=notes, at=moment.at, by=by)
    if count == 0 and scope.api is not None:
        work.settings.put(scope, OWN_NAMES, [])  # a list of its own that asks for no name
    else:
        work.settings.remove(scope, OWN_NAMES)


def _touched(changes: Mapping[str, object]) -> frozenset[Touched]:
    # The marker of an empty list is a setting, so names always touch both.
    return frozenset(
        (Touched.SETTINGS, Touched.NAMES) if OWN_NAMES in changes else (Touched.SETTINGS,)
    )


def _told(work: Work, scope: Scope, keys: Iterable[str]) -> dict[str, JsonValue]:
    """For the audit log: what is set now; of long lists how many and the first."""
    found = work.settings.of(scope)
    told: dict[str, JsonValue] = {key: found.get(key) for key in keys if key != OWN_NAMES}
    if OWN_NAMES in set(keys):
        told[OWN_NAMES] = told_names(work, scope, own=OWN_NAMES in found)
    return told


def told_names(work: Work, scope: Scope, *, own: bool) -> JsonValue:
    """A list of names for the audit log: whole up to 200, else its beginning and its length."""
    page = work.names.page(scope, limit=_TOLD_NAMES)
    if page.total == 0:
        return [] if own else None
    patterns = [name.pattern for name in page.items]
    return patterns if page.total <= _TOLD_NAMES else {"count": page.total, "first": patterns}


def _file_of_gateway(prepared: Prepared) -> ApiAuth:
    return prepared.document.client_certificate_auth


def _file_of_api(name: str) -> FileAuth:
    def found(prepared: Prepared) -> ApiAuth:
        if name not in prepared.document.api_endpoints:
            return ApiAuth()
        return file_auth_of(prepared.document, name)

    return found
