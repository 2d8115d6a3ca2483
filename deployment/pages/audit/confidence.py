"""The audit's section on uncertainty: calibration, selective accuracy, conformal sets, emotions and novelty."""

from typing import Any

import streamlit as st

from core.formats import interval, measured, percent
from deployment.pages.audit import evidence
from deployment.pages.audit.charts import confidence as charts
from deployment.pages.audit.parts import Audit, chart, count, guarded, interval_of, section
from deployment.ui.html import table

CONFIDENCE_LIMITS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)


@guarded
def render(audit: Audit) -> None:
    """Show the section. Conformal sets, promises and novelty need audit.json."""
    section("Doubt", "Stated confidence and measured accuracy. Points on the dashes: calibrated; below them: "
            "overconfident.")
    arrays = audit.arrays
    bands = evidence.confidence_bands(arrays["probs"], arrays["y"])
    chart(audit, charts.reliability(bands), "Stated confidence and measured accuracy in bands", "reliability")
    error, low, high = (percent(v, 2) for v in (arrays["headline_ece"][0], *arrays["ece_if_calibrated"]))
    st.caption(f"The calibration error is {error}. A perfectly calibrated network would show {low} to {high}.")
    _selective(audit)
    if rows := audit.document.get("doubt"):
        _conformal(rows)
        _promises(rows["promises"])
        _novelty(audit, rows["out_of_distribution"])


@st.fragment
def _selective(audit: Audit) -> None:
    """Risk-coverage curve with a slider for the confidence limit, which reruns only this part."""
    probs, y = audit.arrays["probs"], audit.arrays["y"]
    st.markdown("**Answering only when confident**")
    limit = st.select_slider("Lowest confidence to answer", CONFIDENCE_LIMITS, value=0.99, key=audit.key("limit"),
                             format_func=lambda share: f"{100 * share:g} %")
    answered, right, errors = evidence.above(probs, y, limit)
    st.markdown(f"Answering only above {100 * limit:g} %: **{measured(answered, 2)}** answered, "
                f"**{measured(right, 2)}** of those right ({count(errors, 'error')}).")
    chart(audit, charts.risk_coverage(probs, y, limit), "Share of errors among the most confident answers", "risk")
    cells = [[measured(row["coverage"]), percent(row["from"], 2), f"{row['errors']:,} of {row['n']:,}",
              measured(row["share"], 2), interval_of(row)] for row in evidence.selective(probs, y)]
    with st.expander("Figures at fixed coverage"):
        st.html(table(["answered", "lowest confidence", "errors", "right", "95 % interval"], cells,
                      "Accuracy when only the most confident share is answered"))


def _conformal(rows: dict[str, Any]) -> None:
    cells = [[percent(row["level"]), f"{row['n'] - row['hits']:,} of {row['n']:,}", measured(1 - row["share"], 2),
              interval([1 - end for end in reversed(row["interval_95"])], 2),
              f"{row['size']:.3f} ({row['size_interval_95'][0]:.3f} to {row['size_interval_95'][1]:.3f})",
              measured(row["single"]), row["largest"], f"at most {percent(row['bound'])}", row["kept"]]
             for row in rows["conformal"]]
    st.html(table(["level: target misses", "missed", "share", "95 % interval", "mean digits (95 %)", "one digit",
                   "most digits", "proved for exchangeable images", "level met"], cells,
                  "“It could be …”: cross-conformal sets of digits"))
    st.caption(rows["guarantee"])


def _promises(rows: list[dict[str, Any]]) -> None:
    cells = [[row["emotion"], f"{row['of_all']['hits']:,} ({measured(row['of_all']['share'])})", row["promise"],
              measured(row["met"]["share"], 2), interval_of(row["met"]), f"{row['errors']:,}", row["kept"]]
             for row in rows]
    st.html(table(["emotion", "images", "promise", "met by", "95 % interval", "errors", "promise met"], cells,
                  "The promise of each emotion, and the measurement"))
    st.caption("Within chance: below the promise, but too few cases for a significant difference.")


def _novelty(audit: Audit, rows: list[dict[str, Any]]) -> None:
    st.markdown("**Pictures that are not digits**")
    st.caption("Novelty of test digits and of generated pictures. Thin: 5th to 95th percentile; thick: middle half; "
               "dot: median. Right of the dashes the answer is “curious”.")
    chart(audit, charts.novelty(rows), "Novelty of digits and of other pictures by kind", "novelty")
    cells = []
    for row in rows:
        area = "–" if "auroc" not in row else (
            f"{row['auroc']:.3f} ({row['auroc_interval_95'][0]:.3f} to {row['auroc_interval_95'][1]:.3f})")
        cells.append([row["kind"], f"{row['curious']['n']:,}", measured(row["curious"]["share"]),
                      interval_of(row["curious"], 1), measured(row["confident"]["share"]), area])
    st.html(table(["pictures", "n", "curious", "95 % interval", "confident", "AUROC against digits (95 %)"], cells,
                  "Detection of pictures that are not digits"))
