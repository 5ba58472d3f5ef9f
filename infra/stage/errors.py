"""What keeps Terraform from being run, in words that tell the next step."""


class StageError(Exception):
    """No report can be made; `hint` is what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
