"""A condition on the time of day."""

from datetime import UTC, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from ostiary.plugins import Condition, Identity, Request

Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_DAYS: tuple[Day, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class BusinessHours(Condition):
    """True within business hours."""

    zone: str = Field(default="UTC", description="Time zone, as `Europe/Vienna`.")
    days: tuple[Day, ...] = Field(default=_DAYS[:5], description="Days of the week.")
    opens: time = Field(default=time(9), description="From this time on.")
    closes: time = Field(default=time(17), description="Until this time.")

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone") from error
        return zone

    def holds(self, request: Request, identity: Identity) -> bool:
        """Whether it is open now."""
        return self.at(datetime.now(UTC))

    def at(self, moment: datetime) -> bool:
        """Whether it is open then."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return _DAYS[local.weekday()] in self.days and self.opens <= local.time() < self.closes
