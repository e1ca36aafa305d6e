"""The whole of ``gateway.config.yml``."""

from pydantic import Field

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.base import Model
from ostiary.config.model.client_auth import GatewayAuth, Truststore
from ostiary.config.model.listeners import Admin, HttpListener, HttpsListener
from ostiary.config.model.notifications import Notifications
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.pki import Pki
from ostiary.config.model.scripts import Scripts
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.config.model.settings import CertificatePolicy, Engine, Identity, Logs, Store


class Document(Model):
    """What the operator wrote, typed and checked; names are in file order."""

    http: HttpListener | None = Field(default=None, description="Plain HTTP listener.")
    https: HttpsListener | None = Field(default=None, description="HTTPS listener.")
    admin: Admin | None = Field(
        default=None,
        description="Where REST API, metrics and console listen; on 127.0.0.1:9876 if left out.",
    )
    pki: Pki | None = Field(
        default=None,
        description="Where revocation lists, OCSP and the certificates of the authority in the "
        "state folder are served to everybody; nowhere if left out.",
    )
    api_endpoints: dict[str, tuple[ApiEndpoint, ...]] = Field(
        default_factory=dict,
        description="APIs by name, each one entry or a list. Also written apiEndpoint.",
    )
    service_endpoints: dict[str, ServiceEndpoint] = Field(
        default_factory=dict, description="Services by name. Also written serviceEndpoint."
    )
    policies: tuple[str, ...] | None = Field(
        default=None, description="Policies that pipelines may use; all when left out."
    )
    plugins: tuple[str, ...] = Field(
        default=(),
        description="Installed Python packages whose plug-ins pipelines may use, by their names; "
        "none when left out.",
    )
    pipelines: dict[str, Pipeline] = Field(
        default_factory=dict, description="Pipelines by name, or a list. Also written pipeline."
    )
    engine: Engine = Field(default_factory=Engine, description="The HAProxy underneath.")
    identity: Identity = Field(
        default_factory=Identity, description="How services learn who the client is."
    )
    store: Store = Field(default_factory=Store, description="Where what is managed is kept.")
    logs: Logs = Field(default_factory=Logs, description="Where logs go.")
    client_certificate_auth: GatewayAuth = Field(
        default_factory=GatewayAuth,
        description="Client certificate authentication of the gateway; APIs may override parts.",
    )
    truststore: Truststore = Field(
        default_factory=Truststore, description="The gateway's memory of trusted certificates."
    )
    scripts: Scripts = Field(
        default_factory=Scripts, description="How JavaScript in pipelines is run."
    )
    certificate_policy: CertificatePolicy = Field(
        default_factory=CertificatePolicy, description="What client certificates must be like."
    )
    notifications: Notifications = Field(
        default_factory=Notifications,
        description="Who is told of what ends soon, and of who was revoked.",
    )
