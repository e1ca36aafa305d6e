"""Why is this client let in, or not? The way of one visit, from the configuration alone.

The certificate is judged by the same desk that answers live, the route is looked up in the same
table that the engine's maps are made of.
"""

import hashlib
from datetime import datetime

from ostiary.compiler.routes import RouteTable, route_table
from ostiary.compiler.tls import Entry, entries_of
from ostiary.config.effective import AuthType
from ostiary.services.certificate_steps import Fitting, nobodys
from ostiary.services.credentials import AskDirectory, nobody_to_ask
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.handshake import choose_entry
from ostiary.services.prepare import Prepared
from ostiary.services.token_steps import AskAboutToken
from ostiary.services.visits import Scheme, Visit, visit_of_api
from ostiary.services.way import Client, Way
from ostiary.trust.decision import Walk
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.standing import standing_of
from ostiary.trust.statuses import Statuses


class Explainer:
    """Explains visits to one configuration at one time."""

    def __init__(
        self,
        prepared: Prepared,
        now: datetime,
        statuses: Statuses | None = None,
        ask: AskDirectory = nobody_to_ask,
        fitting: Fitting = nobodys,
        *,
        ask_about_token: AskAboutToken = nobody_to_ask,
    ) -> None:
        """``now`` (aware) is when the visits take place. What is managed beside the file is in
        ``prepared``; ``statuses`` are the OCSP answers at hand, and nobody else's; ``ask`` judges
        the credentials of consumers, ``ask_about_token`` tokens, and ``fitting`` finds credentials
        that fit a certificate."""
        self._ask = ask
        self._ask_about_token = ask_about_token
        self._fitting = fitting
        self._prepared = prepared
        self._now = now
        standing = standing_of(prepared.policies, blocked=prepared.blocked, statuses=statuses)
        self._desk = Desk(standing, Intermediates())
        https = prepared.document.https
        self.entries: tuple[Entry, ...] = (
            entries_of(https, prepared.effective.type.value) if https else ()
        )
        self.table: RouteTable = route_table(prepared.document.api_endpoints)

    @property
    def by_header(self) -> bool:
        """Whether certificates come in a header: on whatever listener, whatever the handshake."""
        return self._prepared.effective.type.value is AuthType.HEADER

    def api(self, name: str, shown: Shown) -> Explanation:
        """A visit to an API. Raises NoSuchApi."""
        visit = visit_of_api(self._prepared.document, self.table, self.entries, name)
        return self.visit(visit, shown)

    def certificate(self, entry: Entry, shown: Shown) -> Explanation:
        """The handshake at one entry, and what conditions will see of the certificate."""
        return self._way(f"the TLS entry {entry.name!r}", shown).at_entry(entry)

    def header(self, shown: Shown) -> Explanation:
        """What the gateway's policy makes of a certificate in the header."""
        return self._way("a request with the certificate in the header", shown).in_header()

    def visit(self, visit: Visit, shown: Shown) -> Explanation:
        """One request."""
        way = self._way(str(visit), shown)
        if visit.scheme is Scheme.HTTP:
            return way.plain(visit)
        https = self._prepared.document.https
        if https is None:
            return way.nobody_listens("https")
        way.tell("listener", f"https, port {https.port}")
        entry = choose_entry(self.entries, visit.name)
        if entry is None:
            return way.no_entry(visit.name)
        return way.at_entry(entry, visit)

    def _way(self, about: str, shown: Shown) -> Way:
        def judge(scope: str) -> Walk:
            return self._desk.explain(scope, shown.leaf, shown.chain, self._now)

        client = Client(
            fingerprint=hashlib.sha256(shown.leaf).hexdigest().upper() if shown.leaf else "",
            ask=self._ask,
            ask_about_token=self._ask_about_token,
            fitting=self._fitting,
            now=self._now,
        )
        return Way(self._prepared, self.table, about, judge, client)
