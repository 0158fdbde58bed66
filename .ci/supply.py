"""What is inside and whether any of it is known to be weak: `make audit` and `make sbom`.

    python .ci/supply.py audit [--strict]     asks about every package of requirements.lock
    python .ci/supply.py sbom FILE            writes the list of them as CycloneDX, the same each time

Exit codes of audit: 0 nothing is known, or nobody could be asked and it is said; 1 a weakness is known; 2 with --strict,
somebody was not asked about.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCKS: Final = (ROOT / "requirements.lock", ROOT / "requirements-openvino.lock")
SECONDS: Final = 600
WEAK, NOT_ASKED = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("audit").add_argument("--strict", action="store_true")
    words.add_parser("sbom").add_argument("file", type=Path)
    asked = parser.parse_args(arguments)
    if asked.word == "sbom":
        asked.file.write_text(sbom(), encoding="utf-8")
        return 0
    said, code = verdict([report for lock in LOCKS for report in ask(lock)], strict=asked.strict)
    print(said)
    return code


def ask(lock: Path) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package of *lock*; one without an answer says why under `skip_reason`."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(found)]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(lock), *command],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        if found.exists():
            return list(json.loads(found.read_text(encoding="utf-8"))["dependencies"])
    why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return [{"name": name, "skip_reason": why} for name in names(lock)]


def names(lock: Path) -> list[str]:
    """Return the packages that *lock* pins."""
    return [line.split("==")[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line and line[0].isalnum()]


def verdict(reports: list[dict[str, Any]], *, strict: bool) -> tuple[str, int]:
    """Return what to say of *reports*, as `ask` returns them, and the exit code."""
    weak = [
        f"{one['name']} {one.get('version', '')}: {each['id']}, put right in {', '.join(each['fix_versions']) or 'no version yet'}"
        for one in reports
        for each in one.get("vulns", ())
    ]
    silent = [one for one in reports if "skip_reason" in one]
    asked = len(reports) - len(silent)
    lines = [f"{asked} of {len(reports)} packages were asked about; {len(weak)} weaknesses are known.", *weak] if asked else []
    if silent:
        lines.append(f"Nobody could be asked about {len(silent)}, so of these nothing is known: {silent[0]['skip_reason']}")
    return "\n".join(lines), WEAK if weak else NOT_ASKED if silent and strict else 0


def sbom() -> str:
    """Return what the locks pin as CycloneDX JSON: each package by name, version, purl and digests; no time, no index."""
    command = ["requirements", "-", "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--short-PURLs"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *command],
        input="\n".join(lock.read_text(encoding="utf-8") for lock in LOCKS),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    said = json.loads(done.stdout)
    for tool in said["metadata"].get("tools", {}).get("components", ()):
        tool.pop("externalReferences", None)
    for component in said["components"]:
        # The line of the lock again, with its digests, and the index that this machine would have asked.
        component.pop("description", None)
        for reference in component.get("externalReferences", ()):
            reference["url"] = component["purl"]
            reference.pop("comment", None)
    return json.dumps(said, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
