"""The audit's sections on weights, activations and the gate."""

from typing import Any

import streamlit as st

from core.formats import measured
from deployment.pages.audit import stored as reader
from deployment.pages.audit.charts import inside as charts
from deployment.pages.audit.parts import Audit, chart, guarded, interval_of, section
from deployment.ui.html import table

GATES = {"live": "live, first look", "mean": "fixed at its training mean", "open": "fully open",
         "shuffled": "shuffled values"}


@guarded
def weights(audit: Audit) -> None:
    """Histograms of the weights."""
    section("Weights", "Distribution of each layer's weights, counts on a log scale. A peak at zero with thin tails is "
            "usual; a spike elsewhere or an asymmetric layer is not.")
    arrays = audit.arrays
    figure = charts.weights(arrays["weight_names"], arrays["weight_counts"], arrays["weight_edges"])
    chart(audit, figure, "Histograms of the weights of each layer", "weights")


@guarded
def activations(audit: Audit) -> None:
    """Histograms of the activations, if the audit has them."""
    arrays = audit.arrays
    if "activation_names" not in arrays:
        return
    section("Activations", f"Outputs of each layer's units for {len(arrays['map_index']):,} test images without zeros, "
            "counts on a log scale. Many zeros are usual; units that are always 0 are dead.")
    names, counts, edges, zeros, dead = (
        arrays[f"activation_{part}"] for part in ("names", "counts", "edges", "zeros", "dead"))
    titles = [f"{name}: {measured(share)} zeros, {units:,} units always 0"
              for name, share, units in zip(names, zeros, dead, strict=True)]
    chart(audit, charts.weights(names, counts, edges, titles, "activation"), "Histograms of the activations of each "
          "layer", "weights_activations")


@st.fragment
@guarded
def gate(audit: Audit) -> None:
    """Mean gate of each digit, and errors on the test images under four gates."""
    section("Gate per digit", "Mean gate of each unit for each digit. Columns are units, ordered by the digit that "
            "opens them most. A column bright in one row is specific to that digit.")
    if "gate_class_mean" not in audit.arrays:
        st.caption("This network has no gate.")
        return
    views = ("Mean gate", "Difference from the mean of all digits")
    view = st.segmented_control("Show", views, default=views[0], required=True, key=audit.key("gate_view"))
    figure = charts.gate(audit.arrays["gate_class_mean"], difference=view == views[1])
    chart(audit, figure, f"{view}, by digit and unit", "gate")
    if rows := audit.document.get("gate"):
        cells = [[GATES[row["gate"]], f"{row['errors']:,} of {row['n']:,}", measured(row["accuracy"], 2),
                  interval_of(row),
                  f"{row['log_loss']:.4f}", f"{row['log_loss_refitted']:.4f}",
                  f"{row['only_live']:,} / {row['only_this']:,}"] for row in rows]
        st.html(table(["gate", "errors", "accuracy", "95 % interval", "log loss", "log loss, refitted",
                       "right only live / only here"], cells, "The network on the test images under four gates"))
        st.markdown(" ".join(verdict(row, rows[0]) for row in rows[1:]))
        if sentence := augmentation_note(rows[0]["errors"], int(audit.arrays["headline_errors"][0])):
            st.caption(sentence)
        st.caption("Log loss in nats; refitted: with a temperature fitted to each gate on the calibration part, as "
                   "the gate also rescales the logits. All four rows are one network, trained with a gate.")
    if sentences := reader.gate_study():
        st.markdown(f"Networks trained without a gate: {sentences}")


def augmentation_note(errors: int, headline: int) -> str:
    """Why the table's error count differs from the headline; "" if it does not."""
    if errors == headline:
        return ""
    return (f"All four rows are counted without test-time augmentation; the live gate has {errors:,} errors. "
            f"The headline has {headline:,}, with augmentation of doubtful images.")


def verdict(row: dict[str, Any], live: dict[str, Any]) -> str:
    """One gate mode compared with the live one, by the images that only one of the two reads correctly."""
    p = "p < 0.0001" if row["p"] < 0.0001 else f"p = {row['p']:.2g}"
    comparison = "no difference beyond chance" if row["p"] >= 0.05 else (
        "worse than live" if row["only_live"] > row["only_this"] else "better than live")
    words = GATES[row["gate"]]
    return f"{words[0].upper()}{words[1:]}: {row['errors']:,} errors instead of {live['errors']:,}, {comparison} ({p})."
