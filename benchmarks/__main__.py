"""Every figure the README claims, measured here: `python -m benchmarks [NAME ...]`, `make bench ARGS="service whole"`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_ALONE = frozenset({"__init__", "__main__", "service_counter"})
"""Modules that are not a benchmark of their own."""


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_ALONE and "def main(" in path.read_text())


def main() -> int:
    """Run the named benchmarks, or all, each in a process of its own; 0 when all of them reach their goals."""
    asked = sys.argv[1:] or names()
    if unknown := set(asked) - set(names()):
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(names())}.", file=sys.stderr)
        return 2
    short = []
    for name in asked:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            short.append(name)
    print(f"== {'all goals are reached' if not short else 'short of a goal: ' + ', '.join(short)}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
