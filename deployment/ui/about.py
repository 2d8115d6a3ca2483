"""The pop-up "About": what the gate is and is not, and the technical specification of the model in use."""

import streamlit as st

from core.formats import percent


@st.dialog("About Qualm", width="large")
def show(deployer) -> None:
    """Open the pop-up for one loaded model."""
    st.markdown(
        "Qualm reads handwritten digits with a small neural network written in NumPy, and says how sure it is of each. "
        "Your pictures and drawings stay on this machine: nothing leaves it, and nothing is kept once you close the "
        "page."
    )
    st.markdown(
        "The gate is a metaphor with a formula: like a mood it lets more or less of each unit of the last hidden layer "
        "through, by a factor between 0 and 1, and nothing here has feelings. "
        "Whether it helps is for measurement to say: the first tab answers with the gate, with the gate held at its "
        "training mean and with it open, and the audit tab shows what it does on the test set. "
        "The formula stands in `core/nn/gate.py`, the definitions of the four words for doubt in "
        "`core/uncertainty/readout.py`."
    )
    st.latex(r"\text{gated} = h \odot \sigma(h\,W_g + b_g)")
    st.latex(r"\sigma(z) = 1 / (1 + e^{-z})")
    st.subheader("Technical specification", anchor=False)
    st.table(_specification(deployer), border="horizontal")
    st.caption("Remake the network with `python core/train.py`, its audit with `python -m analytics.audit`, the reader "
               "of texts with `python core/text/train.py`.")


def _specification(deployer) -> dict[str, str]:
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
    unseen = ("test",) if config["train_on"] == "all" else ("validation", "test")
    for part in unseen:
        measured = deployer.metrics.get(part)
        if measured:
            facts[f"Accuracy, {part}"] = (
                f"{percent(measured['accuracy'])}: {measured['errors']:,} errors in {measured['n']:,} images"
            )
    readout = config["readout"]
    facts["Doubt"] = (
        f"temperature {readout['temperature']:.3f}; confident from {percent(readout['confident_from'])}, "
        f"hesitant if two digits hold {percent(readout['two_hold'])}, curious above novelty 1"
    )
    facts["Model"] = f"SHA-256 {deployer.sha256[:12]} …, in {deployer.model_dir.name}/"
    return facts
