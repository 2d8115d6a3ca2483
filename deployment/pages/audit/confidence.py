"""The audit's section on doubt: is the network as sure as it may be, and do its promises hold?"""

import streamlit as st

from core.formats import interval, measured, percent
from deployment.pages.audit import evidence
from deployment.pages.audit.charts import confidence as charts
from deployment.pages.audit.parts import Audit, chart, count, guarded, interval_of, section
from deployment.ui.html import table

LIMITS = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)


@guarded
def render(audit: Audit) -> None:
    """Reliability, selective answering, conformal sets, the emotions' promises and novelty."""
    section("Doubt", "Stated confidence against how often the answer was right. Points on the dashes: the "
            "network is as sure as it may be; below them: overconfident.")
    arrays = audit.arrays
    bands = evidence.confidence_bands(arrays["probs"], arrays["y"])
    chart(audit, charts.reliability(bands), "Stated confidence against measured accuracy in bands", "reliability")
    error, low, high = (percent(v, 2) for v in (arrays["headline_ece"][0], *arrays["ece_if_calibrated"]))
    st.caption(f"The calibration error is {error}; if every stated probability were exactly true, chance alone would "
               f"give {low} to {high}.")
    _selective(audit)
    if rows := audit.document.get("doubt"):
        _conformal(rows)
        _promises(rows["promises"])
        _novelty(audit, rows["out_of_distribution"])


@st.fragment
def _selective(audit: Audit) -> None:
    """The curve, and the slider that cuts it; moving it reruns this part alone."""
    probs, y = audit.arrays["probs"], audit.arrays["y"]
    st.markdown("**Answering only when sure**")
    limit = st.select_slider("Answer only from this confidence on", LIMITS, value=0.99, key=audit.key("limit"),
                             format_func=lambda share: f"{100 * share:g} %")
    answered, right, errors = evidence.above(probs, y, limit)
    st.markdown(f"Answering only above {100 * limit:g} %: **{measured(answered, 2)}** answered, "
                f"**{measured(right, 2)}** of those right ({count(errors, 'error')}).")
    chart(audit, charts.risk_coverage(probs, y, limit), "Share of errors among the surest answers", "risk")
    cells = [[measured(row["coverage"]), percent(row["from"], 2), f"{row['errors']:,} of {row['n']:,}",
              measured(row["share"], 2), interval_of(row)] for row in evidence.selective(probs, y)]
    with st.expander("Figures at fixed shares"):
        st.html(table(["answered", "confidence from", "errors", "right", "95 % interval"], cells,
                      "Accuracy when only the surest share is answered"))


def _conformal(rows: dict) -> None:
    cells = [[percent(row["level"]), f"{row['n'] - row['hits']:,} of {row['n']:,}", measured(1 - row["share"], 2),
              interval([1 - end for end in reversed(row["interval_95"])], 2),
              f"{row['size']:.3f} ({row['size_interval_95'][0]:.3f} to {row['size_interval_95'][1]:.3f})",
              measured(row["single"]), row["largest"], f"at most {percent(row['bound'])}", row["kept"]]
             for row in rows["conformal"]]
    st.html(table(["level: misses aimed at", "missed", "share", "95 % interval", "mean digits (95 %)",
                   "one digit alone", "most digits", "proved, were images exchangeable", "kept"], cells,
                  "“It could be …”: cross-conformal sets of possible digits"))
    st.caption(rows["guarantee"])


def _promises(rows: list) -> None:
    cells = [[row["emotion"], f"{row['of_all']['hits']:,} ({measured(row['of_all']['share'])})", row["promise"],
              measured(row["met"]["share"], 2), interval_of(row["met"]), f"{row['errors']:,}", row["kept"]]
             for row in rows]
    st.html(table(["emotion", "images", "promise", "met by", "95 % interval", "errors", "kept"], cells,
                  "What each emotion promises, and what happened"))
    st.caption("Within chance: less than promised was measured, but so few cases cannot tell it from the promise.")


def _novelty(audit: Audit, rows: list) -> None:
    st.markdown("**Pictures that are no digits**")
    st.caption("Novelty of test digits and of generated pictures: from the 5th to the 95th percentile thin, the middle "
               "half thick, the median a dot. Right of the dashes the network says “curious”.")
    chart(audit, charts.novelty(rows), "Novelty of digits and of other pictures, kind by kind", "novelty")
    cells = []
    for row in rows:
        area = "–" if "auroc" not in row else (
            f"{row['auroc']:.3f} ({row['auroc_interval_95'][0]:.3f} to {row['auroc_interval_95'][1]:.3f})")
        cells.append([row["kind"], f"{row['curious']['n']:,}", measured(row["curious"]["share"]),
                      interval_of(row["curious"], 1), measured(row["confident"]["share"]), area])
    st.html(table(["pictures", "n", "curious", "95 % interval", "confident", "AUROC against digits (95 %)"], cells,
                  "How often the network notices"))
