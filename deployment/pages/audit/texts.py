"""The audit's section on the text model: the effect of memory and reflection in its sixth version."""

import streamlit as st

from core.storage import read_json
from core.text.reader import FINAL_LIMINAL
from deployment.pages.audit.parts import Audit, guarded


@guarded
def render(audit: Audit) -> None:
    """The result of the study, with the figures stored beside the model."""
    test = read_json(FINAL_LIMINAL / "v6" / "metrics.json")["test"]
    st.caption(
        "The text model reads each text by itself, without memory of earlier texts and without reflection after its "
        "rounds. Version 6 had both (SoulKernel, RINSE). With the document so far "
        f"in memory it reached a mean r of {test['with_memory']['r']:.3f} on {test['n']:,} test sentences, without "
        f"it {test['r']:.3f}. Remake it with `python -m analytics.studies.liminal versions`.")
