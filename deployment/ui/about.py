"""The dialog "About": the gate and the technical specification of the loaded model."""

import streamlit as st

from core.formats import percent
from core.shipped import TRAIN
from deployment.deploy_mnist import MNISTDeployer


@st.dialog("About Qualm", width="large")
def show(deployer: MNISTDeployer) -> None:
    """Open the dialog for a loaded model."""
    st.markdown(
        "Qualm reads handwritten digits with a small neural network written in NumPy and states how sure it is. "
        "Your pictures and drawings stay on this machine. They are deleted when you close the page."
    )
    st.markdown(
        "The emotional gate is a metaphor with a formula: each unit of the last hidden layer is multiplied by a factor "
        "between 0 and 1 that depends on the image. "
        "The first tab compares the answer with the gate, with the gate held at its training mean and with the gate "
        "open. The audit tab shows its effect on the test set. "
        "The formula is in `core/nn/gate.py`, the definitions of the four emotions in "
        "`core/uncertainty/readout.py`."
    )
    st.latex(r"\text{gated} = h \odot \sigma(h\,W_g + b_g)")
    st.latex(r"\sigma(z) = 1 / (1 + e^{-z})")
    st.subheader("Technical specification", anchor=False)
    st.table(_specification(deployer), border="horizontal")
    st.caption(f"Train the network with `{TRAIN}`, audit it with `python -m analytics.audit`, train the text model "
               "with `python -m core.text.train`.")


def _specification(deployer: MNISTDeployer) -> dict[str, str]:
    config = deployer.model.saved
    gate = " - gate" if config["gate"] else ""
    facts = {
        "Architecture": f"784 - {' - '.join(map(str, config['hidden']))}{gate} - 10, {config['activation']}, softmax",
        "Parameters": f"{config['parameters']:,}",
        "Preset and seed": f"{config['preset']}, seed {config['seed']}",
        "Training": f"{config['optimizer']}, lr {config['lr']:g}, {config['schedule']}, batch {config['batch_size']}",
        "Data": config["split"],
        "Preprocessing": config["preprocessing"],
    }
    held_out = ("test",) if config["train_on"] == "all" else ("validation", "test")
    for part in held_out:
        metrics = deployer.metrics.get(part)
        if metrics:
            facts[f"Accuracy, {part}"] = (
                f"{percent(metrics['accuracy'])}: {metrics['errors']:,} errors in {metrics['n']:,} images"
            )
    readout = config["readout"]
    facts["Doubt"] = (
        f"temperature {readout['temperature']:.3f}; confident from {percent(readout['confident_from'])}, "
        f"hesitant if two digits reach {percent(readout['two_hold'])}, curious above novelty 1"
    )
    facts["Model"] = f"SHA-256 {deployer.sha256[:12]} …, in {deployer.model_dir.name}/"
    return facts
