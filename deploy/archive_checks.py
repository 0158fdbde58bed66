"""What `greetline doctor` says of the archive, where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from broker.desk.upkeep import may_lag
from broker.settings import Settings
from broker.store import archived
from broker.store.archived import ArchiveState
from deploy.finding import Finding, State


def archive(settings: Settings) -> Iterator[Finding]:
    """Yield how the archive is, nothing when the settings name none."""
    folder = settings.backup.archive_to
    if folder is None:
        return
    # Not is_dir(): that ends in an error where nobody here may look into the folder above, as into that of another's stick.
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        yield Finding("archive", State.WARN, f"{folder} is not there or cannot be written", "Plug its disk in, or make the folder.")
        return
    data = settings.store.data
    if data.exists() and data.stat().st_dev == folder.stat().st_dev:
        yield Finding(
            "archive", State.WARN, f"{folder} lies on the disk of the store",
            "It helps against mistakes, not when that disk dies: name a folder on another one.",
        )  # fmt: skip
    found = archived.look(data)
    if found is None:
        yield Finding("archive", State.WARN, "nothing is in it yet", "It begins when the shop is opened.")
        return
    behind = datetime.now(UTC) - found.upto
    if found.state is ArchiveState.GOES_ON and abs(behind) <= may_lag(settings):
        yield Finding("archive", State.OK, f"{max(0, int(behind.total_seconds()))} s behind")
    else:
        since = f"{found.upto.astimezone(settings.store.zone):%Y-%m-%d %H:%M:%S}"
        yield Finding(
            "archive", State.WARN, f"it does not go on; {found.state} {since}", "`greetline restore --list` says what it has."
        )
