"""The audit's section on corrupted images: accuracy and confidence by corruption and severity."""

import streamlit as st

from deployment.pages.audit.charts import robustness as charts
from deployment.pages.audit.parts import Audit, chart, guarded, section
from deployment.ui.html import table


@st.fragment
@guarded
def render(audit: Audit) -> None:
    """A heat map of all corruptions and a curve of one; nothing if the audit has none."""
    robustness = audit.document.get("robustness")
    if not robustness:
        return
    rows = robustness["rows"]
    section("Robustness", f"{robustness['n']:,} test images with fifteen corruptions at five severities. Each cell is "
            "the accuracy in %; brighter is more. The second chart: the stated confidence, which should "
            "fall together with the accuracy.")
    left, right = st.columns(2)
    with left:
        chart(audit, charts.cells(rows), "Accuracy of each corruption at each severity", "cells")
    with right:
        names = list(dict.fromkeys(row["corruption"] for row in rows[1:]))
        worst = min(rows, key=lambda row: row["accuracy"])["corruption"]
        first = names.index(worst) if worst in names else 0
        chosen = st.selectbox("Corruption", names, index=first, format_func=lambda name: name.replace("_", " "),
                            key=audit.key("corruption"))
        assert chosen is not None  # names is not empty
        chart(audit, charts.severities(rows, chosen), f"Accuracy and confidence by severity: {chosen}", "severity")
    st.caption(robustness["sentence"])
    cells = [[name.replace("_", " "), *(
        " / ".join(f"{100 * row[key]:.1f}" for row in rows if row["corruption"] == name)
        for key in ("accuracy", "mean_confidence", "confident_and_wrong"))] for name in names]
    st.html(table(["corruption", "accuracy % at 1 to 5", "mean confidence %", "confident and wrong %"], cells,
                  "By severity, 1 to 5"))
