"""What differs between Messenger and Instagram, as values.

Limits: developers.facebook.com/docs/messenger-platform/reference/send-api and
/documentation/business-messaging/instagram-messaging/features/attachment-upload.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.capabilities import Capabilities, Files, Unit

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Flavour:
    """`about` is what its calls are about; `sizes` are bytes by the type of an attachment, as Meta calls it."""

    kind: str
    name: str
    about: str
    able: Capabilities
    sizes: dict[str, int]
    profile: str
    """The fields of a person that say their name."""
    formats: tuple[str, ...] = ()
    """Media types of files that go, by their beginnings; none: all."""


MESSENGER = Flavour(
    kind="messenger",
    name="Messenger",
    about="page",
    able=Capabilities(max_length=2000, files=Files(count=10, size=25 * MB)),
    sizes={"image": 8 * MB, "audio": 25 * MB, "video": 25 * MB, "file": 25 * MB},
    profile="first_name,last_name",
)
INSTAGRAM = Flavour(
    kind="instagram",
    name="Instagram",
    about="instagram",
    able=Capabilities(max_length=1000, unit=Unit.BYTES, files=Files(count=10, size=25 * MB)),
    sizes={"image": 8 * MB, "audio": 25 * MB, "video": 25 * MB, "file": 25 * MB},
    profile="name,username",
    formats=("image/png", "image/jpeg", "image/gif", "audio/", "video/", "application/pdf"),
)
