"""Bodies of requests about consumers."""

from typing import Annotated
from uuid import UUID

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


class ImportedUser(Body):
    """A user of another gateway."""

    id: UUID
    username: Name
    firstname: Name = ""
    lastname: Name = ""
    email: Name = ""
    redirect_uri: Address = ""
    active: bool = True


class ImportedApp(Body):
    """An app of another gateway."""

    id: UUID
    user: UUID
    name: Name
    redirect_uri: Address = ""
    active: bool = True


class ImportedCredential(Body):
    """A credential of another gateway."""

    type: CredentialType
    consumer: UUID
    name: Name = Field(default="", description="Of a key or a token; left out for basic-auth.")
    secret: Address = Field(default="", description="In clear; it is hashed here.")
    hash: Name = Field(default="", description="Of a password, by bcrypt; instead of secret.")
    scopes: Scopes = ()
    active: bool = True


class Import(Body):
    """Consumers with ids and secrets of their own; what is there already stays as it is."""

    scopes: Scopes = ()
    users: Annotated[tuple[ImportedUser, ...], Field(max_length=10_000)] = ()
    apps: Annotated[tuple[ImportedApp, ...], Field(max_length=10_000)] = ()
    credentials: Annotated[tuple[ImportedCredential, ...], Field(max_length=10_000)] = ()
