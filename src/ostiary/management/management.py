"""Management: the one object that admin API, console and command line ask."""

from dataclasses import dataclass

from ostiary.management.audit import Audit
from ostiary.management.authority.authority import Authority
from ostiary.management.authority.foundation import Foundation
from ostiary.management.authority.reception import Reception
from ostiary.management.blocking import Blocking
from ostiary.management.configuration import Configuration
from ostiary.management.consumers.consumers import Consumers
from ostiary.management.flows import Flows
from ostiary.management.library import Library
from ostiary.management.names import Names
from ostiary.management.notifications import Notifications
from ostiary.management.revocation import Revocations
from ostiary.management.settings import Settings
from ostiary.management.sightings import Sightings
from ostiary.management.tokens import Tokens
from ostiary.management.trusted import TrustedList
from ostiary.management.truststore import Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Management:
    """Everything operators do, by subject.

    What reads is a plain method that may wait for the database: call it in a thread. What changes
    is a coroutine of the gateway's loop, takes an ``Order`` first, and returns a ``ChangeView``
    only when the change acts (or, with ``dry_run``, with a preview). All raise the errors of
    ``ostiary.management.errors``.
    """

    settings: Settings
    """Type, required, rules, header of the gateway; overrides of APIs."""
    library: Library
    """Components and their versions."""
    trusted: TrustedList
    """Gateway trusted certificates."""
    names: Names
    """Trusted distinguished names, at the gateway and at APIs."""
    blocking: Blocking
    """Certificates that may pass nowhere."""
    revocations: Revocations
    """Sources of revocation lists."""
    notifications: Notifications
    """What operators were told, and how it went out to webhooks."""
    recovery: Recovery
    """State and recovery of the truststore and the database."""
    sightings: Sightings
    """Overview, clients, events, explain."""
    flows: Flows
    """APIs, their pipelines and services, as they are drawn."""
    tokens: Tokens
    """Credentials, and who they are."""
    audit: Audit
    """What was changed."""
    authority: Authority
    """Certificates of the authority in the state folder."""
    foundation: Foundation
    """How that authority begins, and is followed up."""
    reception: Reception
    """Tokens to enrol with, and requests that wait for approval."""
    configuration: Configuration
    """Endpoints, pipelines and policies in the configuration file."""
    consumers: Consumers
    """Users, apps, their credentials, and scopes."""
