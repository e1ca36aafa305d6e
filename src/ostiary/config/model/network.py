"""An IP address or network, as people write it."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator

from ostiary.config.model.base import Unfit


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError as error:
        raise Unfit(
            "isn't an IP address or network", "write it as 10.0.0.0/8 or 2001:db8::1"
        ) from error


Network = Annotated[str, AfterValidator(_network)]
