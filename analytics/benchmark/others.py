"""The benchmark's measurements of scikit-learn and onnxruntime."""

import warnings
from collections.abc import Sequence

from analytics.benchmark.qualm import pictures, timed, training_batch


def sklearn_step(hidden: Sequence[int], batch: int, repeats: int) -> list[float]:
    """Seconds of one training step of MLPClassifier: the time of an epoch of `repeats` steps, divided by `repeats`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    X, y = training_batch(batch * repeats)
    network = MLPClassifier(tuple(hidden), batch_size=batch,  # pyright: ignore[reportArgumentType]: int is allowed
                            max_iter=1, random_state=0, shuffle=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [seconds / repeats for seconds in timed(lambda: network.fit(X, y), 3, warm_up=1)]


def onnx_predict(n: int, repeats: int) -> list[float]:
    """Seconds from images (n, 28, 28) to probabilities with onnxruntime and the exported shipped model."""
    import onnxruntime

    from analytics.export.onnx import onnx_model
    from core.models import model

    options, saved = onnxruntime.SessionOptions(), model.load()
    options.intra_op_num_threads = 2
    data = onnx_model(saved, saved.readout.calibration).SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    images = pictures(n)
    return timed(lambda: session.run(["probabilities"], {"image": images}), repeats)
