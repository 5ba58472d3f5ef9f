"""What may be wrong between us and Terraform Cloud; every text is fit for anybody to read."""

from __future__ import annotations


class TroubleError(Exception):
    """Terraform Cloud can't be asked, or says no, and asking again would not change it."""


class UnreachableError(TroubleError):
    """Terraform Cloud does not answer now; it may later."""


class TokenRefusedError(TroubleError):
    """The token of this request counts no more: nothing can be fetched, and nothing be answered."""


class AnsweredBeforeError(TroubleError):
    """There is a final answer already; it stands."""


class InvalidAnswerError(TroubleError):
    """Terraform Cloud does not accept what an answer looks like."""
