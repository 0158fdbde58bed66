"""Writes to a store until it is ended, and into every commit what the store then is: `archive_writer STORE LETTER ACKS`.

Several may run at once. Each change is told in ACKS once it is committed: its number, and the moment in milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import sys
import time
from pathlib import Path

from broker.store.database import change, open_store

ROWS = 30
PAUSE_S = 0.01


def main(store: Path, letter: str, acks: Path) -> None:
    """Write until somebody ends it."""
    db, dice = open_store(store), random.Random(letter)
    with change(db):
        db.execute("CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, body BLOB)")
        db.execute("CREATE TABLE IF NOT EXISTS oracle (seq INTEGER PRIMARY KEY, digest TEXT)")
    out = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    while True:
        with change(db):
            db.execute("INSERT INTO things (body) VALUES (?)", [dice.randbytes(dice.choice((50, 3_000, 30_000)))])
            db.execute("DELETE FROM things WHERE id <= (SELECT max(id) FROM things) - ?", [ROWS])
            (number,) = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM oracle").fetchone()
            db.execute("INSERT INTO oracle (seq, digest) VALUES (?, ?)", [number, digest(db.conn)])
        os.write(out, f"{number} {time.time_ns() // 1_000_000}\n".encode())
        time.sleep(PAUSE_S)


def digest(connection: sqlite3.Connection) -> str:
    """Return what all things of the store are, in 64 letters."""
    found = hashlib.sha256()
    for number, body in connection.execute("SELECT id, body FROM things ORDER BY id"):
        found.update(f"{number} {len(body)} ".encode() + body)
    return found.hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
