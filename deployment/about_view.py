"""The pop-up "About": what the gate is and is not, and the technical specification of the model in use."""

import streamlit as st

from deployment import pictures


@st.dialog("About Qualm", width="large")
def show(deployer) -> None:
    """Open the pop-up for one loaded model."""
    st.markdown(
        "The gate is a metaphor with a formula: it lets each unit of the last hidden layer through by a share between "
        "0 and 1, as a mood would colour a judgement, and nothing here has feelings. "
        "Whether it helps is a question for measurement: the first tab shows each answer with the gate, with the gate "
        "held at its training mean and with it open, and the audit tab shows what it does on the test set. "
        "The formula stands in the code in `core/gate.py`, the words for doubt in `core/emotion.py`."
    )
    st.latex(r"\text{gated} = h \odot \sigma(h\,W_g + b_g), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}")
    st.subheader("Technical specification", anchor=False)
    st.table(_specification(deployer), border="horizontal")


def _specification(deployer) -> dict[str, str]:
    config, metrics = deployer.config, deployer.metrics
    layers = [784, *config["hidden"]]
    gate = " - gate" if config["gate"] else ""
    parameters = sum(array.size for array in deployer.weights().values())
    facts = {
        "Architecture": " - ".join(map(str, layers)) + gate + " - 10, softmax",
        "Weights": f"{parameters:,}",
        "Preset": config["preset"],
        "Seed": str(config["seed"]),
        "Model folder": str(deployer.model_dir.name),
    }
    for name, value in metrics.items():
        if isinstance(value, (int, float)):
            shown = pictures.percent(value) if "accuracy" in name else f"{value:,.4g}"
            facts[name.replace("_", " ").capitalize()] = shown
    return facts
