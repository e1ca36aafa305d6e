"""The policy ``client-cert``: client certificate authentication as a step, and whose it is."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ostiary.config.model.auth_policies import AuthAction
from ostiary.config.model.base import Flag, Listed
from ostiary.config.model.name_rule import NameRule, Text


class ClientCertAction(AuthAction):
    """Ask for a client certificate that is a consumer's: one of its ``certificate`` credentials
    fits. Certificates that clientCertificateAuth refuses are never let pass here."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - client-cert:
            action:
              trustedDistinguishedNames: ["CN=*,O=Contoso,**"]
              consumers: [ada, bob]
        """
    )
    policy: Literal["client-cert"] = "client-cert"
    required: Flag = Field(
        default=True,
        description="Refuse requests without a certificate with 401; else they go on without a "
        "consumer.",
    )
    trusted_distinguished_names: Annotated[tuple[Text, ...], Listed] = Field(
        default=(),
        description="Patterns of subjects, as in clientCertificateAuth; one that fits is enough. "
        "None given: every subject.",
    )
    allow: tuple[NameRule, ...] = Field(
        default=(), description="Further rules; one that holds is enough, as one pattern is."
    )
    deny: tuple[NameRule, ...] = Field(
        default=(), description="Rules that refuse, whatever else holds."
    )
    consumer: Literal["required", "optional"] = Field(
        default="required",
        description="optional: a certificate that is nobody's goes on without a consumer, if the "
        "API asks for no scopes.",
    )
    consumers: Annotated[tuple[str, ...], Listed] = Field(
        default=(),
        description="Only these: usernames, or ids of users and apps. None given: every consumer.",
    )
    report_only: Flag = Field(
        default=False, description="Refuse nobody; log and count who would be refused."
    )
