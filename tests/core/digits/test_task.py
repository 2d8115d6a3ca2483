"""The parts of the data that training, selection and calibration each have, and digits as a training task."""

import numpy as np
import pytest

from core.digits import task as module
from core.digits.config import Config
from core.digits.data import DataError, as_input, load_mnist, load_split
from core.digits.task import DigitTask, Images, file_sha256, load_csv, load_parts
from core.metrics import auroc
from core.nn import classification
from core.nn.training import fit


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


def write_csv(path, X, y):
    np.savetxt(path, np.column_stack([y, X.reshape(len(X), -1)]), fmt="%d", delimiter=",")
    return path


@pytest.fixture(scope="module")
def csv(mnist, tmp_path_factory):
    """A file of 205 training images."""
    return write_csv(tmp_path_factory.mktemp("csv") / "mine.csv", mnist["X_train"][:205], mnist["y_train"][:205])


def rows(images):
    return {image.tobytes() + bytes([label]) for image, label in zip(images.X, images.y, strict=True)}


def test_parts_are_those_of_the_split(mnist):
    parts, split = load_parts(Config()), load_split()
    for name, indices in split.items():
        assert np.array_equal(parts[name].X, mnist["X_train"][indices])
        assert np.array_equal(parts[name].y, mnist["y_train"][indices])
    assert np.array_equal(parts["test"].X, mnist["X_test"]) and np.array_equal(parts["test"].y, mnist["y_test"])
    assert len(parts["calibration"].writer) == len(parts["calibration"]) and parts["train"].writer is None


def test_trained_on_all_means_the_60000(mnist):
    parts = load_parts(Config(train_on="all"))
    assert np.array_equal(parts["train"].X, mnist["X_train"]) and len(parts["validation"]) == 2_558


def test_a_csv_is_parted_by_chance_and_always_alike(csv, mnist):
    """One in ten each to validation and calibration, the rest to training, nothing twice and nothing lost."""
    parts, again = load_parts(Config(csv=str(csv))), load_parts(Config(csv=str(csv), seed=5))
    assert [len(parts[name]) for name in ("validation", "calibration", "train")] == [20, 21, 164]
    assert parts["calibration"].writer is None and len(parts["test"]) == 10_000
    found = [rows(parts[name]) for name in ("validation", "calibration", "train")]
    whole = Images(mnist["X_train"][:205], mnist["y_train"][:205])
    assert set.union(*found) == rows(whole) and sum(map(len, found)) == 205
    assert parts["validation"].y.tolist() != whole.y[:20].tolist(), "shuffled"
    for name, part in parts.items():
        assert np.array_equal(part.X, again[name].X), "the parts do not depend on the seed of a run"
    assert len(load_parts(Config(csv=str(csv), train_on="all"))["train"]) == 205


def test_a_csv_that_changed_or_is_too_small_is_refused(csv, mnist, tmp_path):
    assert len(load_csv(Config(csv=str(csv), csv_sha256=file_sha256(csv)))) == 205
    with pytest.raises(DataError, match="no longer the file"):
        load_csv(Config(csv=str(csv), csv_sha256="0" * 64))
    for n, message in ((30, None), (29, "holds 29 images")):
        small = write_csv(tmp_path / "small.csv", mnist["X_train"][:n], mnist["y_train"][:n])
        if message is None:
            assert len(load_csv(Config(csv=str(small)))) == n
        else:
            with pytest.raises(DataError, match=message):
                load_csv(Config(csv=str(small)))
    with pytest.raises(DataError, match="could not be read"):
        file_sha256(tmp_path / "gone.csv")


def small_task(mnist, **settings):
    config = Config(hidden=(8,), batch_size=32, **settings)
    train = Images(mnist["X_train"][:100], mnist["y_train"][:100])
    return DigitTask(config, train, Images(mnist["X_train"][100:150], mnist["y_train"][100:150]))


def test_images_are_augmented_where_the_settings_say_so(mnist):
    X, y = mnist["X_train"][:5], mnist["y_train"][:5]
    plain = small_task(mnist).input(X, y, np.random.default_rng(0))
    assert np.array_equal(plain, as_input(X))
    turned = small_task(mnist, rotation=20).input(X, y, np.random.default_rng(0))
    assert turned.shape == (5, 784) and np.abs(turned - plain).mean() > 0.01
    scaled = small_task(mnist, input_range=(0.01, 1.0)).input(X, y, np.random.default_rng(0))
    np.testing.assert_allclose(scaled, 0.01 + 0.99 * plain, atol=1e-6)


def test_the_sample_of_a_run_is_of_its_training_images(mnist, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE", 40)
    task, other = small_task(mnist), small_task(mnist, seed=1)
    assert task.X_sample.shape == (40, 784) and len(np.unique(task.X_sample, axis=0)) == 40
    train = as_input(mnist["X_train"][:100])
    for image, label in zip(task.X_sample, task.y_sample, strict=True):
        assert mnist["y_train"][np.flatnonzero((train == image).all(axis=1))[0]] == label
    assert not np.array_equal(task.X_sample, other.X_sample)


def test_a_row_of_history_is_of_the_folded_network(mnist):
    task = small_task(mnist, batch_norm=True)
    row, network = task.evaluate(), task.finished()
    X, y = task.validation
    assert row["val_accuracy"] == np.mean(network.logits(X).argmax(axis=1) == y)
    assert row["train_accuracy"] == np.mean(network.logits(task.X_sample).argmax(axis=1) == task.y_sample)
    assert not any("norm" in name for name in network.named_parameters())
    assert task.steps_per_epoch == 3, "the last four of a hundred wait for another epoch"


def test_labelled_images_are_values(mnist):
    images = Images(mnist["X_train"][:4], mnist["y_train"][:4], np.arange(4))
    part = images.part(np.array([2, 0]))
    assert part.y.tolist() == mnist["y_train"][[2, 0]].tolist() and part.writer.tolist() == [2, 0]
    with pytest.raises(AttributeError):
        images.y = None


def test_deformations_fall_to_zero_in_the_last_share_of_the_run(mnist):
    config = Config(epochs=10, anneal=0.25, rotation=20, elastic=2.0, width=0.4, ornament=0.5, thickness=0.3)
    assert config.at(0.0) is config and config.at(0.75) is config
    half = config.at(0.875)
    assert (half.rotation, half.elastic, half.width, half.thickness) == pytest.approx((10, 1, 0.2, 0.15))
    assert half.ornament == 0.5, "a shape and no deformation"
    assert config.at(1.0) == config.replace(rotation=0.0, elastic=0.0, width=0.0, thickness=0.0)
    constant = config.replace(anneal=0.0)
    assert constant.at(0.999) is constant and constant.at(1.0) is constant


def test_annealed_batches_differ_in_the_last_share_alone(mnist):
    """Bit for bit as without it before, weaker afterwards, and a resumed run sees the same."""
    settings = dict(rotation=30, epochs=5, batch_norm=True)
    plain, annealed, resumed = (small_task(mnist, **settings, anneal=anneal) for anneal in (0.0, 0.4, 0.4))
    differences = []
    for epoch in range(5):
        inputs = [[task.input(*half) for batch in task.batches(epoch) for half in batch] for task in (plain, annealed)]
        differences.append(np.mean([np.abs(a - b).mean() for a, b in zip(*inputs, strict=True)]))
    assert differences[:3] == [0, 0, 0] and 0 < differences[3] < differences[4]
    again = [resumed.input(*half) for batch in resumed.batches(4) for half in batch]
    assert all(np.array_equal(a, b) for a, b in zip(inputs[1], again, strict=True))
    assert np.abs(inputs[1][-1] - as_input(X_of(annealed, 4))).mean() < 0.5 * np.abs(
        inputs[0][-1] - as_input(X_of(plain, 4))).mean()


def X_of(task, epoch):  # noqa: N802
    """The images of the last half of an epoch, before augmentation."""
    return list(task.batches(epoch))[-1][-1][0]


def test_the_statistics_of_an_annealed_network_are_those_of_the_end_of_its_run(mnist):
    task = small_task(mnist, rotation=30, epochs=5, batch_norm=True, anneal=0.4)
    assert np.array_equal(task.X_augmented, task.X_sample)
    constant = small_task(mnist, rotation=30, epochs=5, batch_norm=True)
    assert np.abs(constant.X_augmented - constant.X_sample).mean() > 0.01


@pytest.fixture(scope="module")
def small(mnist):
    return Images(mnist["X_train"][:640], mnist["y_train"][:640]), Images(mnist["X_train"][640:700],
                                                                          mnist["y_train"][640:700])


MADE = Config(hidden=(8,), epochs=1, batch_size=64)


def labels(batch):
    return np.concatenate([y for _, y, _ in batch])


@pytest.mark.parametrize("synthetic, negatives", [(0.25, 0.125), (0.25, 0.0), (0.0, 0.125), (0.0, 0.0)])
def test_batches_hold_the_stated_share_of_made_pictures(small, synthetic, negatives, monkeypatch):
    monkeypatch.setattr(classification, "WHOLE", 0)  # two halves
    task = DigitTask(MADE.replace(synthetic=synthetic, negatives=negatives), *small)
    real = {image.tobytes() for image in small[0].X}
    for batch in list(task.batches(0)) + list(task.batches(1)):
        X, y = np.concatenate([half[0] for half in batch]), labels(batch)
        assert len(y) == 64 and (y == -1).sum() == 64 * negatives
        assert sum(image.tobytes() not in real for image in X) == 64 * (synthetic + negatives)
        assert all((half[1] == -1).sum() < 8 for half in batch), "dealt to both halves"
    assert task.steps_per_epoch == 10 and len(task.X_augmented) == 640


def test_made_pictures_follow_from_the_seed(small):
    first, again, other = (DigitTask(MADE.replace(synthetic=0.2, negatives=0.1, seed=seed), *small)
                           for seed in (0, 0, 1))
    sets = []
    for task in (first, again, other):
        next(iter(task.batches(0)))
        sets.append((task.X.copy(), task.y.copy()))
    assert np.array_equal(sets[0][0], sets[1][0]) and not np.array_equal(sets[0][0], sets[2][0])
    assert len(first.X) == 640 + 10 * (13 + 6) and (sets[0][1] == -1).sum() == 60


def test_made_pictures_are_new_after_some_epochs_and_the_same_for_a_resumed_run(small):
    task, resumed = (DigitTask(MADE.replace(synthetic=0.2, negatives=0.1), *small) for _ in range(2))
    seen = []
    for epoch in range(module.EPOCHS_PER_SET + 1):
        batches = list(task.batches(epoch))
        seen.append(task.X[640:].copy())
    assert all(np.array_equal(seen[0], X) for X in seen[1 : module.EPOCHS_PER_SET])
    assert not np.array_equal(seen[0], seen[-1])
    for batch, again in zip(batches, resumed.batches(module.EPOCHS_PER_SET), strict=True):
        assert all(np.array_equal(a, b) for half, other in zip(batch, again, strict=True)
                   for a, b in zip(half[:2], other[:2], strict=True))


def test_a_network_learns_not_to_know_what_is_no_digit(small):
    """Trained with them, less speaks for any digit in new pictures of no digit than in digits, more clearly than
    trained without; and it still knows digits."""
    found, X = {}, module.negatives(300, np.random.default_rng(9))[0]
    both, is_digit = as_input(np.concatenate([X, small[1].X])), np.arange(360) >= 300
    for share in (0.0, 0.25):
        config = MADE.replace(hidden=(64,), epochs=12, negatives=share, lr=3e-3)
        task = DigitTask(config, *small)
        fit(task, config)
        found[share] = auroc(np.logaddexp.reduce(task.network.logits(both), axis=1), is_digit)
        assert task.evaluate()["val_accuracy"] > 0.75
    assert found[0.25] > 0.9 and found[0.25] > found[0.0] + 0.1
