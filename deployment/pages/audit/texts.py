"""The audit's section on the reader of texts: what memory and reflection were worth in its sixth version."""

import streamlit as st

from core.storage import read_json
from core.text.reader import FINAL_LIMINAL
from deployment.pages.audit.parts import Audit, guarded


@guarded
def render(audit: Audit) -> None:
    """The finding in words, with the figures saved beside the model."""
    found = read_json(FINAL_LIMINAL / "v6" / "metrics.json")["test"]
    st.caption(
        "The reader of the tab “Feelings in text” reads each text by itself: it keeps no memory of what was said and "
        "does not reflect once more after its rounds. Version 6 did both (SoulKernel, RINSE). With the document so far "
        f"in memory it reached a mean r of {found['with_memory']['r']:.3f} on {found['n']:,} test sentences, without "
        f"it {found['r']:.3f}. Remake it with `python -m analytics.studies.liminal versions`.")
