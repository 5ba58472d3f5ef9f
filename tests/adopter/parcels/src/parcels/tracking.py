"""What is known of a parcel: the scans that it went through, in the order of their moments."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Scan:
    """A parcel was seen somewhere."""

    at: datetime
    place: str


@dataclass
class Parcel:
    """A parcel and its scans."""

    number: str
    scans: list[Scan] = field(default_factory=list)

    def see(self, scan: Scan) -> None:
        """Take in a scan, in whatever order they come."""
        self.scans = sorted({*self.scans, scan}, key=lambda each: each.at)

    @property
    def place(self) -> str:
        """Where it was seen last."""
        return self.scans[-1].place if self.scans else "not seen yet"


def is_number(text: str) -> bool:
    """Whether a text can be a parcel's number: ten digits, of which the last makes their sum end in 0."""
    return len(text) == 10 and text.isascii() and text.isdigit() and sum(map(int, text)) % 10 == 0
