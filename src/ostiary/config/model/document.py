"""The whole of ``gateway.config.yml``."""

from pydantic import Field

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.base import Model
from ostiary.config.model.listeners import Admin, HttpListener, HttpsListener
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.config.model.settings import CertificatePolicy, Engine, Identity, Logs


class Document(Model):
    """What the operator wrote, typed and checked; names are in file order."""

    http: HttpListener | None = Field(default=None, description="Plain HTTP listener.")
    https: HttpsListener | None = Field(default=None, description="HTTPS listener.")
    admin: Admin | None = Field(
        default=None, description="Accepted and not served by this version (a warning)."
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
    pipelines: dict[str, Pipeline] = Field(
        default_factory=dict, description="Pipelines by name, or a list. Also written pipeline."
    )
    engine: Engine = Field(default_factory=Engine, description="The HAProxy underneath.")
    identity: Identity = Field(
        default_factory=Identity, description="How services learn who the client is."
    )
    logs: Logs = Field(default_factory=Logs, description="Where logs go.")
    certificate_policy: CertificatePolicy = Field(
        default_factory=CertificatePolicy, description="What client certificates must be like."
    )
