"""State of the truststore and the database, and recovery of both."""

from ostiary.management.actors import Order
from ostiary.management.sights import ChangeView, TruststoreView


class Recovery:
    """State of the truststore and the database, and recovery of both."""

    def state(self) -> TruststoreView:
        """As it was found last; verified at start and every minute."""
        raise NotImplementedError

    async def verify(self) -> TruststoreView:
        """Look now, and mend what is damaged."""
        raise NotImplementedError

    async def recover(self, order: Order) -> ChangeView:
        """Build the truststore anew from the library, damaged or not."""
        raise NotImplementedError
