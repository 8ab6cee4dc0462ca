"""What went wrong at a CRM, sorted by what the caller does about it."""


class ConnectorError(Exception):
    """A CRM did not do what was asked. The message has what, where and the next step, in words for an admin.

    `words` are the CRM's own within the message: they may quote a record.
    """

    words: str = ""


class RetryLater(ConnectorError):
    """Wait `seconds` and try again: the network, a 5xx, a burst limit. Raised once the retry layer has given up."""

    def __init__(self, message: str, seconds: float = 10.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class QuotaExhausted(ConnectorError):
    """The day's calls are used up, or our share of them: stop until `resets_at` (instant, ms UTC; None: not told)."""

    def __init__(self, message: str, resets_at: int | None = None) -> None:
        super().__init__(message)
        self.resets_at = resets_at


class AccessDenied(ConnectorError):
    """Stop and tell a person: the token is wrong, expired or lacks a scope. `scopes` names the missing ones if told."""

    def __init__(self, message: str, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.scopes = scopes


class TokenRefused(AccessDenied):
    """The CRM does not take the token itself: no call can go well before there is another."""


class NotInstalled(AccessDenied):
    """Our own fields are missing in the CRM, or somebody changed them: run `leadscore install`, then go on."""


class Rejected(ConnectorError):
    """The CRM refuses this request for good: skip the record, keep `words`, the CRM's own words."""

    def __init__(self, message: str, words: str = "") -> None:
        super().__init__(message)
        self.words = words or message


def plain(error: Exception) -> str:
    """The message of an error without the CRM's own words: for logs and pages, in which nobody may be named."""
    words = error.words if isinstance(error, ConnectorError) else ""
    return str(error).replace(words, "(the CRM's own words are not shown here)") if words else str(error)
