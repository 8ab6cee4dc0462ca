"""Whether the CRM still takes our token: one refusal stops the calls of all processes that share it."""

from typing import Protocol

from connectors.errors import TokenRefused


class Access(Protocol):
    """Hands out the token. Called by many threads; one of these serves all calls of a connection."""

    def token(self) -> str:
        """The token as it is now; asked for before every try of a call.

        Raises TokenRefused, with the sentence of the refusal, while the CRM is known to refuse it; now and then one
        caller gets it all the same, to see whether it is taken again.
        """
        ...

    def refused(self, error: TokenRefused) -> None:
        """The CRM refused the token that this thread was given last."""
        ...

    def taken(self) -> None:
        """The CRM took the token that this thread was given last."""
        ...


class Fixed:
    """A token of one command: nothing is remembered."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token

    def refused(self, error: TokenRefused) -> None:
        """Nothing to stop: the command ends with the error."""

    def taken(self) -> None:
        """Nothing to note."""
