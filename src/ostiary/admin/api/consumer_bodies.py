"""Bodies of requests about consumers."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from ostiary.admin.bodies import Body
from ostiary.consumers.model import CredentialType

Name = Annotated[str, Field(max_length=1_000)]
Address = Annotated[str, Field(max_length=10_000)]
Rule = dict[str, Annotated[str, Field(max_length=10_000)]]
Rules = Annotated[
    tuple[Rule, ...],
    Field(
        max_length=1_000,
        description="Of a certificate credential: tests as in `allow`, such as fingerprint, "
        "issuer with serial, distinguishedName, dns, uri, email, ip.",
    ),
]
Scopes = Annotated[tuple[Name, ...], Field(max_length=10_000)]


class NewUser(Body):
    """A user to be made."""

    username: Name
    firstname: Name = ""
    lastname: Name = ""
    email: Name = ""
    redirect_uri: Address = ""


class UserChanges(Body):
    """What is to be different about a user; what is left out stays."""

    firstname: Name | None = None
    lastname: Name | None = None
    email: Name | None = None
    redirect_uri: Address | None = None
    active: bool | None = None


class NewApp(Body):
    """An app to be made."""

    user: Name = Field(description="Who owns it, by name or id.")
    name: Name
    redirect_uri: Address = ""


class AppChanges(Body):
    """What is to be different about an app; what is left out stays."""

    name: Name | None = None
    redirect_uri: Address | None = None
    active: bool | None = None


class NewCredential(Body):
    """A credential to be made."""

    consumer: Name = Field(description="A user by name or id, or an app.")
    type: CredentialType
    name: Name | None = Field(
        default=None, description="What clients name it by; one is made when left out."
    )
    secret: Address | None = Field(
        default=None, description="Password, or secret of a key; one is made when left out."
    )
    scopes: Scopes = ()
    rules: Rules = ()
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class CredentialChanges(Body):
    """What is to be different about a credential; what is left out stays."""

    active: bool | None = None
    scopes: Scopes | None = Field(default=None, description="Exactly these.")
    add_scopes: Scopes = ()
    remove_scopes: Scopes = ()
    rules: Rules | None = None
    valid_from: AwareDatetime | None = Field(default=None, description="null: from ever.")
    valid_until: AwareDatetime | None = Field(default=None, description="null: for ever.")


class NewScopes(Body):
    """Scopes to be made."""

    scopes: Scopes
