"""The shipped model as ONNX: `python -m analytics.export.onnx [--model DIR] [--out qualm.onnx] [--demo PICTURE]`.

The file holds everything from the 28x28 image to calibrated probabilities, so that any ONNX runtime (onnxruntime, its
web version, Triton, KServe) serves the same answers. Test-time augmentation of doubtful digits
(core/uncertainty/test_time_augmentation.py) is not part of it, so that the calibration is fitted again, to
the calibration images without that. It is checked against NumPy on the 10,000 test images; analytics/reports/audit.md
states its calibration error there.

    input   image          uint8   (N, 28, 28)   as MNIST's: white ink on black
    output  probabilities  float32 (N, 10)       calibrated, in the order of the digits
    output  gate           float32 (N, h)        what the emotional gate let through (models with a gate)
"""

import argparse
from pathlib import Path

import numpy as np

from core.command import refusing
from core.digits.data import as_input, load_mnist
from core.digits.task import load_parts
from core.files import write_atomic
from core.models import model
from core.models.finish import calibration_data
from core.nn.gate import EmotionalGate
from core.nn.layers import Dense, ReLU, Sigmoid
from core.uncertainty.calibration import MIN_LEAD, fit_calibration

OPSET = 17


def fit_without_looks(saved, parts=None):
    """The Calibration of a core.models.model.Model without test-time augmentation, on the images that its own was
    fitted to; parts: of core.digits.task.load_parts, by default those of its settings."""
    (X, y, _), (X_hard, y_hard, _) = calibration_data(saved.config, parts or load_parts(saved.config))
    evidence, evidence_hard = (saved.readout.unaugmented_evidence(saved.network, images) for images in (X, X_hard))
    return fit_calibration(evidence, y, evidence_hard, y_hard)


def onnx_model(saved, fitted):
    """An onnx.ModelProto of a core.models.model.Model with the Calibration `fitted`."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    low, high = saved.config.input_range
    y = node("Cast", ["image"], "pixels", to=TensorProto.FLOAT)
    y = node("Reshape", [y, constant("flat", np.array([-1, 784], np.int64))], "flattened")
    y = node("Mul", [y, constant("pixel_scale", np.float32((high - low) / 255))], "scaled")
    if low:
        y = node("Add", [y, constant("pixel_offset", np.float32(low))], "shifted")
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])]
    first = gated = None  # the first hidden layer and the last, which the readout looks at
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
        # what is left, dropout, does nothing outside training
    calibration(saved.readout, fitted, y, first, gated, node, constant)
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 28, 28])
    graph = helper.make_graph(nodes, "qualm", [image], outputs, constants)
    proto = helper.make_model(graph, producer_name="qualm", opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=8)
    helper.set_model_props(proto, {"model_sha256": saved.sha256})
    checker.check_model(proto)
    return proto


def calibration(readout, fitted, logits, first, gated, node, constant):
    """The nodes of `fitted.probabilities`: from logits, first and last hidden layer to the output "probabilities"."""
    def number(name, value):
        return constant(name, np.float32(value))

    def standardised_error(H, subspace, which, mean, std):
        """The nodes of `Calibration.standardised_errors` of one layer's activations H; `which` begins their names."""
        centred = node("Sub", [H, constant(f"{which}_mean", subspace.mean)], f"{which}_centred")
        total = node("Add", [node("ReduceSumSquare", [centred], f"{which}_length2", axes=[1], keepdims=1),
                             number(f"{which}_floor", 1e-12)], f"{which}_total")
        within = node("MatMul", [centred, constant(f"{which}_basis", subspace.basis)], f"{which}_within")
        back = constant(f"{which}_basis_back", np.ascontiguousarray(subspace.basis.T))
        off = node("Sub", [centred, node("MatMul", [within, back], f"{which}_rebuilt")], f"{which}_off")
        lost = node("Max", [node("ReduceSumSquare", [off], f"{which}_off2", axes=[1], keepdims=1),
                            node("Mul", [total, number(f"{which}_least", 1e-9)], f"{which}_least2")], f"{which}_lost")
        log = node("Log", [node("Div", [lost, total], f"{which}_share")], f"{which}_log_share")
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


def session(data):
    """An onnxruntime session of a model's bytes or path."""
    import onnxruntime

    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def largest_difference(saved, fitted, data, images, batch=1000):
    """The largest difference of any probability between onnxruntime and NumPy over images (N, 28, 28) uint8."""
    runtime, largest = session(data), 0.0
    for start in range(0, len(images), batch):
        part = images[start : start + batch]
        theirs = runtime.run(["probabilities"], {"image": part})[0]
        X = as_input(part, saved.config.input_range)
        ours = fitted.probabilities(saved.readout.unaugmented_evidence(saved.network, X))
        largest = max(largest, float(np.abs(theirs - ours).max()))
    return largest


def demo(path, picture):
    """Read one picture with onnxruntime alone; only the preprocessing is Qualm's. A sentence."""
    from deployment.reader.paper.digit import preprocess
    from deployment.reader.wording import sure

    image = np.round(preprocess(picture) * 255).astype(np.uint8)
    probs = session(str(path)).run(["probabilities"], {"image": image[None]})[0][0]
    return f"{picture}: {probs.argmax()}   {sure(probs.max())}, read by onnxruntime"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.export.onnx", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=model.FINAL_MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("qualm.onnx"), metavar="FILE")
    parser.add_argument("--demo", metavar="PICTURE", help="then read this picture with onnxruntime")
    args = parser.parse_args(argv)
    with refusing("export"):
        saved = model.load(args.model)
        fitted = fit_without_looks(saved)
        data = onnx_model(saved, fitted).SerializeToString()
        write_atomic(args.out, data)
        difference = largest_difference(saved, fitted, data, load_mnist()["X_test"])
        print(f"{args.out}: {len(data) / 1e6:.1f} MB; largest difference to NumPy on the test images {difference:.1e}")
        if args.demo:
            print(demo(args.out, args.demo))


if __name__ == "__main__":
    main()
