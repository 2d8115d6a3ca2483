"""The audit's section on the text reader: the effect of memory and reflection in version 6."""

import streamlit as st

from core.storage import read_json
from core.text.reader import FINAL_LIMINAL
from deployment.pages.audit.parts import Audit, guarded


@guarded
def render(audit: Audit) -> None:
    """The result in a sentence, with the figures saved beside the model."""
    metrics = read_json(FINAL_LIMINAL / "v6" / "metrics.json")["test"]
    st.caption(
        "The text reader reads each text by itself, without memory and reflection. Version 6 had a memory of the "
        f"document (SoulKernel) and a reflection step (RINSE). With the document so far in "
        f"memory it reached a mean r of {metrics['with_memory']['r']:.3f} on "
        f"{metrics['n']:,} test sentences, without it {metrics['r']:.3f}. Remake it with "
        "`python -m analytics.studies.liminal versions`.")
