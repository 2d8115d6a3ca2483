"""Export a model as ONNX: `python -m analytics.export.onnx [--model DIR] [--out qualm.onnx] [--demo PICTURE]`.

The graph computes calibrated probabilities from 28x28 images for any ONNX runtime (onnxruntime, its web version,
Triton, KServe). It has no test-time augmentation (core/uncertainty/test_time_augmentation.py), so its calibration is
fitted without it. The command checks it against NumPy on the 10,000 test images; analytics/reports/audit.md states its
calibration error.

    input   image          uint8   (N, 28, 28)   as in MNIST: white ink on black
    output  probabilities  float32 (N, 10)       calibrated, in the order of the digits
    output  gate           float32 (N, h)        values of the emotional gate (models with a gate)
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.command import refusing
from core.digits.data import as_input, load_mnist
from core.digits.task import Images, load_parts
from core.files import write_atomic
from core.models import model
from core.models.finish import calibration_data
from core.models.model import Model
from core.nn.gate import EmotionalGate
from core.nn.layers import Dense, ReLU, Sigmoid
from core.uncertainty.calibration import MIN_LEAD, Calibration, fit_calibration
from core.uncertainty.novelty import Subspace
from core.uncertainty.readout import Readout

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession

OPSET = 17


def fit_export_calibration(saved: Model, parts: Mapping[str, Images] | None = None) -> Calibration:
    """Fit a Calibration without test-time augmentation to the model's calibration images.

    parts: of core.digits.task.load_parts, by default those of the model's settings.
    """
    (X, y, _), (X_hard, y_hard, _) = calibration_data(saved.config, parts or load_parts(saved.config))
    evidence, evidence_hard = (saved.readout.unaugmented_evidence(saved.network, images) for images in (X, X_hard))
    return fit_calibration(evidence, y, evidence_hard, y_hard)


def onnx_model(saved: Model, fitted: Calibration) -> "ModelProto":
    """The ONNX graph of a model with the Calibration `fitted`."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, constants = [], []

    def constant(name: str, value: np.ndarray | np.floating) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    low, high = saved.config.input_range
    y = node("Cast", ["image"], "pixels", to=TensorProto.FLOAT)
    y = node("Reshape", [y, constant("flat", np.array([-1, 784], np.int64))], "flattened")
    y = node("Mul", [y, constant("pixel_scale", np.float32((high - low) / 255))], "scaled")
    if low:
        y = node("Add", [y, constant("pixel_offset", np.float32(low))], "shifted")
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])]
    first = gated = ""  # the first and the last hidden layer, which the readout uses
    for name, layer, params in zip(saved.network.names, saved.network.layers, saved.network.params, strict=True):
        weights = {key: constant(f"{name}_{key}", np.ascontiguousarray(value)) for key, value in params.items()}
        if name == "output":
            gated = y
        if isinstance(layer, Dense):
            y = node("Gemm", [y, weights["W"], weights["b"]], f"{name}_output")
        elif isinstance(layer, ReLU | Sigmoid):
            y = node(type(layer).__name__.replace("ReLU", "Relu"), [y], f"{name}_output")
            first = first or y
        elif isinstance(layer, EmotionalGate):
            gate = node("Sigmoid", [node("Gemm", [y, weights["Wg"], weights["bg"]], "gate_input")], "gate")
            y = node("Mul", [y, gate], f"{name}_output")
            outputs.append(helper.make_tensor_value_info("gate", TensorProto.FLOAT, ["N", len(params["bg"])]))
        # dropout does nothing outside training
    calibration(saved.readout, fitted, y, first, gated, node, constant)
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 28, 28])
    graph = helper.make_graph(nodes, "qualm", [image], outputs, constants)
    proto = helper.make_model(graph, producer_name="qualm", opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=8)
    helper.set_model_props(proto, {"model_sha256": saved.sha256})
    checker.check_model(proto)
    return proto


def calibration(readout: Readout, fitted: Calibration, logits: str, first: str, gated: str, node: Callable[..., str],
                constant: Callable[..., str]) -> None:
    """Add the nodes of `fitted.probabilities`, from logits, first and last hidden layer to the output."""
    def number(name: str, value: float) -> str:
        return constant(name, np.float32(value))

    def standardised_error(H: str, subspace: Subspace, which: str, mean: float, std: float) -> str:
        """The nodes of `Calibration.standardised_errors` of one layer's activations H; which: prefix of their names."""
        centred = node("Sub", [H, constant(f"{which}_mean", subspace.mean)], f"{which}_centred")
        total = node("Add", [node("ReduceSumSquare", [centred], f"{which}_length2", axes=[1], keepdims=1),
                             number(f"{which}_floor", 1e-12)], f"{which}_total")
        within = node("MatMul", [centred, constant(f"{which}_basis", subspace.basis)], f"{which}_within")
        back = constant(f"{which}_basis_back", np.ascontiguousarray(subspace.basis.T))
        residual = node("Sub", [centred, node("MatMul", [within, back], f"{which}_rebuilt")], f"{which}_off")
        error = node("Max", [node("ReduceSumSquare", [residual], f"{which}_off2", axes=[1], keepdims=1),
                             node("Mul", [total, number(f"{which}_least", 1e-9)], f"{which}_least2")], f"{which}_lost")
        log = node("Log", [node("Div", [error, total], f"{which}_share")], f"{which}_log_share")
        above = node("Sub", [node("Mul", [log, number(f"{which}_half", 0.5)], f"{which}_log_error"),
                             number(f"{which}_error_mean", mean)], f"{which}_above_mean")
        return node("Div", [above, number(f"{which}_error_std", std)], f"{which}_standardised")

    first_error, last_error = map(standardised_error, (first, gated), (readout.first, readout.last), ("first", "last"),
                                  fitted.error_mean, fitted.error_std)

    scaled = node("Div", [logits, number("temperature", fitted.temperature)], "scaled_logits")
    best = node("ReduceMax", [scaled], "best_logit", axes=[1], keepdims=1)
    is_best = node("Equal", [scaled, best], "is_best")
    others = node("Where", [is_best, number("nothing", -1e30), scaled], "other_logits")
    second = node("ReduceMax", [others], "second_logit", axes=[1], keepdims=1)
    norm = node("Add", [node("ReduceL2", [gated], "norm", axes=[1], keepdims=1), number("norm_floor", 1e-6)], "norm_up")
    excess = node("Relu", [first_error], "excess")
    signals = (node("Sub", [best, second], "margin"), last_error, node("Log", [norm], "log_norm"),
               node("Mul", [excess, excess], "excess2"))
    total = number("logistic_offset", fitted.logistic[0])
    for signal, weight in zip(signals, fitted.logistic[1:], strict=True):
        product = node("Mul", [signal, number(f"{signal}_weight", weight)], f"{signal}_weighted")
        total = node("Add", [total, product], f"{signal}_summed")
    low, offset, slope, square = (number(f"curve_{name}", value) for name, value in
                                  zip(("low", "offset", "slope", "square"), fitted.curve, strict=True))
    above = node("Relu", [node("Sub", [total, low], "above_low")], "score_above_low")
    straight = node("Add", [node("Mul", [total, slope], "sloped"), offset], "straight")
    bent = node("Mul", [node("Mul", [above, above], "score_above_low2"), square], "bent")
    log_odds = node("Add", [straight, bent], "log_odds")
    rest = node("Softmax", [others], "others", axis=1)
    most = node("ReduceMax", [rest], "most_of_others", axes=[1], keepdims=1)
    share = node("Div", [most, node("Add", [most, number("one", 1)], "most_plus_one")], "share_of_second")
    least = node("Mul", [share, number("ahead", MIN_LEAD)], "least_confidence")
    confidence = node("Max", [node("Sigmoid", [log_odds], "logistic"), least], "confidence")
    left = node("Sub", [number("whole", 1), confidence], "left_for_others")
    node("Where", [is_best, confidence, node("Mul", [rest, left], "shared_out")], "probabilities")


def session(data: bytes | str) -> "InferenceSession":
    """An onnxruntime session from a model's bytes or path."""
    import onnxruntime

    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def largest_difference(saved: Model, fitted: Calibration, data: bytes, images: NDArray[np.uint8],
                       batch: int = 1000) -> float:
    """The largest absolute difference of a probability between onnxruntime and NumPy over images (N, 28, 28)."""
    runtime, largest = session(data), 0.0
    for start in range(0, len(images), batch):
        part = images[start : start + batch]
        exported = np.asarray(runtime.run(["probabilities"], {"image": part})[0])
        X = as_input(part, saved.config.input_range)
        expected = fitted.probabilities(saved.readout.unaugmented_evidence(saved.network, X))
        largest = max(largest, float(np.abs(exported - expected).max()))
    return largest


def demo(path: str | Path, picture: str) -> str:
    """Read one picture with onnxruntime and Qualm's preprocessing; returns a sentence."""
    from deployment.reader.paper.digit import preprocess
    from deployment.reader.wording import sure

    image = np.round(preprocess(picture) * 255).astype(np.uint8)
    probs = np.asarray(session(str(path)).run(["probabilities"], {"image": image[None]})[0])[0]
    return f"{picture}: {probs.argmax()}   {sure(probs.max())}, read by onnxruntime"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.export.onnx", description="Export a model as ONNX.")
    parser.add_argument("--model", type=Path, default=model.FINAL_MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("qualm.onnx"), metavar="FILE")
    parser.add_argument("--demo", metavar="PICTURE", help="read this picture with onnxruntime afterwards")
    args = parser.parse_args(argv)
    with refusing("export"):
        saved = model.load(args.model)
        fitted = fit_export_calibration(saved)
        data = onnx_model(saved, fitted).SerializeToString()
        write_atomic(args.out, data)
        difference = largest_difference(saved, fitted, data, load_mnist()["X_test"])
        print(f"{args.out}: {len(data) / 1e6:.1f} MB; largest difference to NumPy on the test images {difference:.1e}")
        if args.demo:
            print(demo(args.out, args.demo))


if __name__ == "__main__":
    main()
