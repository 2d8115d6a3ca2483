"""The operations that change models and audits on disk: the real commands with tiny networks.

Training, refitting a readout, promotion and an audit, each in a folder with a previous state.
"""

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np

from analytics.audit import run as audit_run
from core import train
from core.command import refusing
from core.digits.data import as_input, load_mnist
from core.digits.task import Images
from core.explain.neighbours import NeighbourIndex
from core.files import NEXT, locked, places
from core.models import finish, model, promotion
from core.nn import parallel
from core.storage import read_file, read_json
from deployment.pages.audit import stored as reader

QUICK = ["--preset", "plain-ann", "--set", "hidden=12", "--set", "train_on=train", "--epochs", "3"]
PICTURES = ("learning", "map")


@dataclass(frozen=True)
class Operation:
    """begin(folder) creates the previous state; work(folder) is the operation; state(folder): "previous", "new" or a
    description of a fault."""

    name: str
    begin: Callable[[Path], None]
    work: Callable[[Path], None]
    state: Callable[[Path], str]


@cache
def prepare() -> dict[str, Images]:
    """Replace MNIST by small parts and use a single thread, as the process forks; return the parts."""
    parallel._pool = None
    mnist, at, parts = load_mnist(), 0, {}
    for name, n in (("train", 400), ("validation", 100), ("calibration", 200), ("test", 100)):
        chosen = slice(at, at + n)
        at += n
        parts[name] = Images(mnist["X_train"][chosen], mnist["y_train"][chosen])
    train.load_parts = finish.load_parts = lambda config, progress=None: dict(parts)
    finish.neighbours = lambda network, config, images: NeighbourIndex.build(
        network, as_input(images.X), images.y, np.random.default_rng(0), k=6, indices=np.arange(len(images)))
    audit_run.draw = lambda arrays, X: {name: lambda: Drawn(arrays) for name in PICTURES}
    return parts


class Drawn:
    """Stub of an audit figure: drawing a real one takes a thousand times as long as writing it."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.arrays = arrays

    def savefig(self, out: io.BytesIO, **options: Any) -> None:
        out.write(str(reader.made_for(self.arrays)).encode() * 50)


@cache
def home() -> Path:
    """A temporary folder of this process with two finished runs, "first" and "second"."""
    prepare()
    base = Path(tempfile.mkdtemp(prefix="torture"))
    Finalize(None, shutil.rmtree, (base, True), exitpriority=1)  # at the end of this process, not of a forked one
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        train.main([*QUICK, "--out", str(base / "first")])
        train.main([*QUICK, "--seed", "1", "--out", str(base / "second")])
    return base


def sha256(folder: Path) -> str:
    return model.load(folder).sha256


def model_state(folder: Path, known: Mapping[str, str]) -> str:
    """The state known[hash] of a model folder, which must be the same while the folder is locked and afterwards.

    The k-NN index must be of the same model.
    """
    with locked(folder):
        while_locked = sha256(folder)
    unlocked = sha256(folder)
    NeighbourIndex.load(folder, unlocked)
    if while_locked != unlocked:
        return f"{while_locked[:8]} while locked, {unlocked[:8]} after"
    return known.get(unlocked, f"another model, {unlocked[:8]}")


# -- training, which can be resumed -------------------------------------------------------------------------------


def begin_training(folder: Path) -> None:
    folder.mkdir()


def work_training(folder: Path) -> None:
    run = folder / "run"
    resumed = (run / "settings.json").exists()
    train.main(["--resume", str(run)] if resumed else [*QUICK, "--out", str(run)])


def state_training(folder: Path) -> str:
    run = folder / "run"
    if not any(path.exists() for path in places(run, "config.json")):
        return "previous"  # an unfinished run is not listed anywhere
    arrays = read_json(run / "config.json")["arrays"]
    same = arrays == read_json(home() / "first" / "config.json")["arrays"]
    return model_state(run, {sha256(run): "new" if same else "other weights than without interruption"})


# -- refitting the readout of a model ---------------------------------------------------------------------------------


def begin_refit(folder: Path) -> None:
    shutil.copytree(home() / "first", folder / "run")


def work_refit(folder: Path) -> None:
    parts = prepare()
    finish.load_parts = lambda config: parts | {"calibration": parts["validation"]}
    train.main(["--refit", str(folder / "run")])


@cache
def refitted() -> str:
    """Hash of the refitted model."""
    folder = Path(tempfile.mkdtemp(dir=home())) / "x"
    begin_refit(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        work_refit(folder)
    return sha256(folder / "run")


def state_refit(folder: Path) -> str:
    return model_state(folder / "run", {sha256(home() / "first"): "previous", refitted(): "new"})


# -- promotion to the shipped model -----------------------------------------------------------------------------------


def begin_promotion(folder: Path) -> None:
    shutil.copytree(home() / "first", folder / "final")


def work_promotion(folder: Path) -> None:
    promotion.FINAL_MODEL = folder / "final"
    train.main(["--promote", str(home() / "second"), "--force"])


def state_promotion(folder: Path) -> str:
    return model_state(folder / "final", {sha256(home() / "first"): "previous", sha256(home() / "second"): "new"})


# -- replacing an audit ------------------------------------------------------------------------------------------------


def audit_of(run: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays, document) of an audit of a run, with placeholder values."""
    model_hash, n = model.load(home() / run).sha256, 20
    arrays = {"model_sha256": np.array(model_hash), "y": np.zeros(n, np.uint8), "probs": np.full((n, 10), 0.1),
              "map_index": np.arange(n), "map_xy": np.zeros((n, 2)), "ece_if_calibrated": np.zeros(2),
              "weight_names": np.array(["hidden1"]), "weight_counts": np.ones((1, 2), int),
              "weight_edges": np.zeros((1, 3)),
              **{f"headline_{name}": np.zeros(3) for name in reader.HEADLINE}}
    return arrays, {"format": reader.FORMAT, "model_sha256": model_hash}


def save_audit(run: str, folder: Path) -> None:
    arrays, document = audit_of(run)
    audit_run.save(arrays, np.zeros((1, 28, 28)), folder, document=document)


def begin_audit(folder: Path) -> None:
    save_audit("first", folder / "images")


def work_audit(folder: Path) -> None:
    with refusing("audit"):
        save_audit("second", folder / "images")


def state_audit(folder: Path) -> str:
    images = folder / "images"
    audit = reader.load_audit(images)
    assert audit is not None, "begin_audit has written one"
    model_hash = reader.made_for(audit)
    files = {read_file(images, f"{name}.png") for name in PICTURES}
    if files != {model_hash.encode() * 50} or not reader.load_document(images, model_hash):
        return "a mixture of two audits"
    return {sha256(home() / "first"): "previous", sha256(home() / "second"): "new"}.get(model_hash, "another audit")


OPERATIONS = (
    Operation("training", begin_training, work_training, state_training),
    Operation("saving", begin_refit, work_refit, state_refit),
    Operation("promotion", begin_promotion, work_promotion, state_promotion),
    Operation("audit", begin_audit, work_audit, state_audit),
)


def leftovers(folder: Path) -> list[str]:
    """Temporary files that a finished operation must not leave behind."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.name.endswith(".part") or path.name == NEXT]
