"""Which models are here, and whether they are what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict

from broker.settings import EdgeSettings, read
from edge import fetching, models
from edge.fetching import PART, SITE, NotFetched
from edge.models import Model, ModelFile

State = Literal["here", "partly", "wrong", "absent"]

SETTINGS_FILES: Final = (Path("greetline.toml"), Path("edge.toml"))
"""The settings of this directory, where there are any."""
MOST_LOOKED_AT: Final = 10_000
"""Files of a folder that are looked at for a model."""


class _Store(EdgeSettings):
    """Only `[store]` counts here; what else the file says is for others to judge."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def kept_in(settings: Path | None) -> Path:
    """Return `[store] data` of the *settings* file, or else of this directory's. Raises BadSettings."""
    file = settings or next((file for file in SETTINGS_FILES if file.exists()), None)
    return read(_Store, file).store.data


@dataclass(frozen=True, slots=True)
class Held:
    """One model and what there is of it."""

    model: Model
    state: State
    file: Path | None
    says: str
    """The state in a sentence, with the remedy."""
    runs: bool | None = None
    """Whether it loads and answers as it should; None where that was not tried."""

    @property
    def here(self) -> bool:
        """Whether all of it is here, as its makers made it."""
        return self.state == "here"

    @property
    def wrong(self) -> bool:
        """Whether it must be set right."""
        return self.state == "wrong" or self.runs is False

    def as_json(self) -> dict[str, Any]:
        """Return the model's entry of `greetline models list --json` and `check --json`."""
        model = self.model
        return {
            "name": model.name,
            "state": self.state,
            "here": self.here,
            "runs": self.runs,
            "says": self.says,
            "file": str(self.file) if self.file else None,
            "bytes": sum(file.size for file in model.files),
            "licence": model.licence,
            "detector": model.detector,
            "good_for": model.good_for,
            "sources": [
                {"file": one.name, "address": one.address(SITE), "bytes": one.size, "sha256": one.sha256} for one in model.files
            ],
        }


def look(model: Model, folder: Path) -> Held:
    """Return what there is of *model* in *folder*, digests checked."""
    fetch = f"`greetline models fetch {model.name}`"
    main = models.find(folder, model.name)
    try:
        wrong = [path for file, path in _places(model, folder, main) if path.exists() and not fetching.is_right(path, file)]
        absent = [path for _, path in _places(model, folder, main) if not path.exists()]
    except OSError as bad:
        return Held(model, "wrong", main, f"{bad.filename} cannot be read: {bad.strerror}. Let this user read it.")
    if wrong:
        says = f"{wrong[0]} is not the file of its makers (another digest). {fetch} brings the right one"
        return Held(model, "wrong", main, f"{says}.")
    if not absent:
        return Held(model, "here", main, f"here, {main}")
    if len(absent) < len(model.files) or any((folder / (file.name + PART)).exists() for file in model.files):
        return Held(model, "partly", main, f"not whole. {fetch} brings the rest.")
    return Held(model, "absent", None, f"not here. {fetch} brings it.")


def check(model: Model, folder: Path) -> Held:
    """Return what there is of *model* in *folder*, tried out where its detector is installed."""
    held = look(model, folder)
    if not held.here or held.file is None:
        return held
    if model.detector == "openvino" and not find_spec("openvino"):
        return Held(model, "here", held.file, f"{held.says}; not tried: pip install 'greetline[openvino]'")
    from edge.detectors import BadDetector, load

    try:
        load(held.file)
    except BadDetector as bad:
        return Held(model, "here", held.file, str(bad), runs=False)
    return Held(model, "here", held.file, f"right, and it runs: {held.file}", runs=True)


def missing(model: Model, folder: Path) -> list[ModelFile]:
    """Return the files of *model* that must still be brought into *folder*. Raises NotFetched when it cannot be read."""
    try:
        if all(fetching.is_right(path, file) for file, path in _places(model, folder, models.find(folder, model.name))):
            return []
        return [file for file in model.files if not fetching.is_right(folder / file.name, file)]
    except OSError as bad:
        raise NotFetched(f"{bad.filename} cannot be read: {bad.strerror}. Let this user read it, or give another --dir.") from None


def same(file: ModelFile, source: Path) -> Path:
    """Return the file at or in *source* that is *file*, whatever it is called. Raises NotFetched."""
    expected = f"{file.size} bytes with sha256 {file.sha256}"
    elsewhere = f"Fetch it on a machine with Internet: {file.address(SITE)}"
    try:
        for path in _candidates(file, source):
            if fetching.is_right(path, file):
                return path
        if source.is_file():
            got = f"{source.stat().st_size} with {fetching.digest(source)}"
            raise NotFetched(f"{source} is not {file.name}: expected {expected}, got {got}. {elsewhere}")
    except OSError as bad:
        reason = f"{bad.filename or source} cannot be read: {bad.strerror}"
        raise NotFetched(f"{reason}. Give --from a file or folder that can.") from None
    raise NotFetched(f"no file in {source} is {file.name}: {expected}. {elsewhere}")


def _candidates(file: ModelFile, source: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        # The other half of a model in two files lies beside the one that was named.
        yield source.with_suffix(Path(file.name).suffix)
        return
    for number, path in enumerate(source.iterdir()):
        if number >= MOST_LOOKED_AT:
            return
        yield path


def _places(model: Model, folder: Path, main: Path | None) -> list[tuple[ModelFile, Path]]:
    """Return each file of *model* with where it lies, or would: beside *main* and under its name, if there is one."""
    if main is None:
        return [(file, folder / file.name) for file in model.files]
    return [(file, main.with_suffix(Path(file.name).suffix)) for file in model.files]
