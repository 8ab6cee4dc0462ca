"""Why a job did not begin: each is a sentence for a person, and nothing was changed."""


class Refused(Exception):
    """Nothing was done. The message has what, where and the next step."""


class StalePlan(Refused):
    """The plan is not of this account, of other models, or of a sample: make a new one."""


class ConfirmationNeeded(Refused):
    """A person must name the production account before the first write; `account` is its id."""

    def __init__(self, message: str, account: str) -> None:
        super().__init__(message)
        self.account = account


class FuseBlown(Refused):
    """Too many people would change stage within 24 hours: look, then force it or leave it."""
