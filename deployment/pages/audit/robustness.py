"""The audit's section on corrupted images: accuracy and confidence"""

import streamlit as st

from deployment.pages.audit.charts import robustness as charts
from deployment.pages.audit.parts import Audit, chart, guarded, section
from deployment.ui.html import table


@st.fragment
@guarded
def render(audit: Audit) -> None:
    """Every corruption and severity as a cell, one corruption as a curve; nothing if the audit has none."""
    measured = audit.document.get("robustness")
    if not measured:
        return
    rows = measured["rows"]
    section("Robustness", f"{measured['n']:,} test images corrupted in fifteen ways and five severities. Each "
            "cell is the accuracy in %; brighter is higher. The curve shows whether the stated confidence falls with "
            "the accuracy.")
    left, right = st.columns(2)
    with left:
        chart(audit, charts.cells(rows), "Accuracy of each corruption at each severity", "cells")
    with right:
        names = list(dict.fromkeys(row["corruption"] for row in rows[1:]))
        worst = min(rows, key=lambda row: row["accuracy"])["corruption"]
        first = names.index(worst) if worst in names else 0
        name = st.selectbox("Corruption", names, index=first, format_func=lambda name: name.replace("_", " "),
                            key=audit.key("corruption"))
        chart(audit, charts.severities(rows, name or names[first]),
              f"Accuracy and confidence by severity: {name}", "severity")
    st.caption(measured["sentence"])
    cells = [[name.replace("_", " "), *(
        " / ".join(f"{100 * row[key]:.1f}" for row in rows if row["corruption"] == name)
        for key in ("accuracy", "mean_confidence", "confident_and_wrong"))] for name in names]
    st.html(table(["corruption", "accuracy % at 1 to 5", "mean confidence %", "confident and wrong %"], cells,
                  "By severity, 1 to 5"))
