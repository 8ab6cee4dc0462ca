"""What can be wrong with the store: always something that a person has to decide."""


class StoreError(Exception):
    """Stop and tell a person. The message has what, where and the next step."""
