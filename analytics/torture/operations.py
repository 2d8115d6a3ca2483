"""What changes models and audits on disk, small enough to be done hundreds of times: the real commands, tiny networks.

Training, a readout fitted again, promotion and an audit, each over a folder that holds a former one.
"""

import contextlib
import io
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

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
    """begin(folder): the former state; work(folder): what is done; state(folder): "former", "new" or what else it
    is."""

    name: str
    begin: object
    work: object
    state: object


@cache
def prepare():
    """Small parts of MNIST in place of the whole, everything in one thread: a process that forks has no other."""
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
    """Stands for a picture of an audit: drawing real ones takes a thousand times as long as writing them."""

    def __init__(self, arrays):
        self.arrays = arrays

    def savefig(self, out, **options):
        out.write(str(reader.made_for(self.arrays)).encode() * 50)


@cache
def home():
    """A folder of this process, with a finished run, another one, the former audit and the new one."""
    prepare()
    base = Path(tempfile.mkdtemp(prefix="torture"))
    Finalize(None, shutil.rmtree, (base, True), exitpriority=1)  # when this process ends, not a forked one
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        train.main([*QUICK, "--out", str(base / "first")])
        train.main([*QUICK, "--seed", "1", "--out", str(base / "second")])
    return base


def sha256(folder):
    return model.load(folder).sha256


def whole(folder, known):
    """Which of {hash: word} a model folder holds, as a reader sees it while somebody is at work, and when nobody is.

    The k-NN index beside it must be of the same model.
    """
    with locked(folder):
        seen = sha256(folder)
    found = sha256(folder)
    NeighbourIndex.load(folder, found)
    if seen != found:
        return f"{seen[:8]} while locked, {found[:8]} after"
    return known.get(found, f"another model, {found[:8]}")


# -- training: a run that may be taken up -------------------------------------------------------------------------


def begin_training(folder):
    folder.mkdir()


def work_training(folder):
    run = folder / "run"
    goes_on = (run / "settings.json").exists()
    train.main(["--resume", str(run)] if goes_on else [*QUICK, "--out", str(run)])


def state_training(folder):
    run = folder / "run"
    if not any(path.exists() for path in places(run, "config.json")):
        return "former"  # not finished: nothing lists it
    arrays = read_json(run / "config.json")["arrays"]
    same = arrays == read_json(home() / "first" / "config.json")["arrays"]
    return whole(run, {sha256(run): "new" if same else "other weights than without interruption"})


# -- a readout fitted again, over the model it is of ------------------------------------------------------------------


def begin_refit(folder):
    shutil.copytree(home() / "first", folder / "run")


def work_refit(folder):
    parts = prepare()
    finish.load_parts = lambda config: parts | {"calibration": parts["validation"]}
    train.main(["--refit", str(folder / "run")])


@cache
def refitted():
    folder = Path(tempfile.mkdtemp(dir=home())) / "x"
    begin_refit(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        work_refit(folder)
    return sha256(folder / "run")


def state_refit(folder):
    return whole(folder / "run", {sha256(home() / "first"): "former", refitted(): "new"})


# -- promotion over a shipped model -----------------------------------------------------------------------------------


def begin_promotion(folder):
    shutil.copytree(home() / "first", folder / "final")


def work_promotion(folder):
    promotion.FINAL_MODEL = folder / "final"
    train.main(["--promote", str(home() / "second"), "--force"])


def state_promotion(folder):
    return whole(folder / "final", {sha256(home() / "first"): "former", sha256(home() / "second"): "new"})


# -- an audit over a former one ---------------------------------------------------------------------------------------


def audit_of(run):
    """(arrays, rows) as an audit of a run has them."""
    found, n = model.load(home() / run).sha256, 20
    arrays = {"model_sha256": np.array(found), "y": np.zeros(n, np.uint8), "probs": np.full((n, 10), 0.1),
              "map_index": np.arange(n), "map_xy": np.zeros((n, 2)), "ece_if_calibrated": np.zeros(2),
              "weight_names": np.array(["hidden1"]), "weight_counts": np.ones((1, 2), int),
              "weight_edges": np.zeros((1, 3)),
              **{f"headline_{name}": np.zeros(3) for name in reader.HEADLINE}}
    return arrays, {"format": reader.FORMAT, "model_sha256": found}


def save_audit(run, folder):
    arrays, document = audit_of(run)
    audit_run.save(arrays, np.zeros((1, 28, 28)), folder, document=document)


def begin_audit(folder):
    save_audit("first", folder / "images")


def work_audit(folder):
    with refusing("audit"):
        save_audit("second", folder / "images")


def state_audit(folder):
    images = folder / "images"
    found = reader.made_for(reader.load_audit(images))
    files = {read_file(images, f"{name}.png") for name in PICTURES}
    if files != {found.encode() * 50} or not reader.load_document(images, found):
        return "a mixture of two audits"
    return {sha256(home() / "first"): "former", sha256(home() / "second"): "new"}.get(found, "another audit")


OPERATIONS = (
    Operation("training", begin_training, work_training, state_training),
    Operation("saving", begin_refit, work_refit, state_refit),
    Operation("promotion", begin_promotion, work_promotion, state_promotion),
    Operation("audit", begin_audit, work_audit, state_audit),
)


def leftovers(folder):
    """Names of what a finished operation must not leave behind."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.name.endswith(".part") or path.name == NEXT]
