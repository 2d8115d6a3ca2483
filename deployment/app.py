"""Qualm in the browser: `streamlit run deployment/app.py`. The head of the page, the model in use, and the tabs."""

import json
import os
from pathlib import Path

# One digit is too little work for two BLAS threads: on busy cores they wait for each other, tens of milliseconds a
# stroke. OpenBLAS looks here once, when NumPy is first imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import streamlit as st
from streamlit_lottie import st_lottie

from deployment.deploy_mnist import MNISTDeployer, available_models
from deployment.pages import draw_or_upload
from deployment.reader.malloc import bound_arenas
from deployment.reader.wording import told
from deployment.ui import about, closed, theme
from deployment.ui.assets import asset
from deployment.ui.html import notice

bound_arenas()
_mark = st.components.v2.component("mark", js=asset("mark.js"))
TABS = ["Draw or upload", "Scientific audit", "Feelings in text"]


@st.cache_resource(max_entries=4, show_spinner="Loading the network …")
def _load(path: Path, modified: float) -> MNISTDeployer:
    """A loaded model, shared by all sessions; `modified` only makes the cache notice that it was trained anew."""
    return MNISTDeployer(path)


def _choose_model() -> MNISTDeployer | str:
    """The model chosen in the head of the page, or a sentence on why it cannot be had and what to do."""
    models = available_models()
    name = st.selectbox("Model", list(models), key="model", width=190, label_visibility="collapsed",
                        bind="query-params")
    try:
        config = models[name] / "config.json"
        return _load(models[name], config.stat().st_mtime if config.exists() else 0.0)
    except (KeyError, OSError, ValueError) as error:
        return f"The {name or 'model'} cannot be loaded: {told(error)}"


def _asked_tab() -> None:
    """Open the tab that the address asks for, at first and where the browser went back or forth."""
    state, asked = st.session_state, st.query_params.get("tab")
    if asked != state.get("asked_tab"):
        state.tab = asked if asked in TABS else TABS[0]
    state.asked_tab = asked


def _choose_tab() -> None:
    """Each tab is an entry of the browser's history."""
    st.session_state.asked_tab = st.query_params["tab"] = st.session_state.tab


def main() -> None:
    closed.watch()
    st.set_page_config(page_title="Qualm - a digit reader that knows doubt", page_icon="🔢", layout="wide")
    st.html(f"<style>{theme.CSS}</style>")
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        with st.container(width="stretch"):
            st.html(
                '<div class="q"><h1 class="q-title">Qualm</h1>'
                '<p class="q-quiet">Reads a handwritten digit, and says when it is unsure</p></div>'
            )
        with st.container(width=170, key="mark"):
            st_lottie(json.loads(asset("ten_dots.json")), loop=False, height=40, width=170,
                      key="ten_dots")
            _mark(key="mark_focus")
        with st.container(width="content", key="phone_menu"):  # opens and shuts what follows, by CSS alone
            st.html('<details class="q-menu"><summary aria-label="Menu: model and About">☰</summary></details>')
        with st.container(horizontal=True, width="content", key="menu"):
            deployer = _choose_model()
            asked = st.button("About", key="about", disabled=isinstance(deployer, str))
    if isinstance(deployer, str):
        st.html(notice(deployer))
        return
    if asked:
        about.show(deployer)

    _asked_tab()
    draw_tab, audit_tab, text_tab = st.tabs(TABS, key="tab", on_change=_choose_tab)
    for tab, name in zip((draw_tab, audit_tab, text_tab), TABS, strict=True):
        tab.html(f'<h2 class="q-hidden">{name}</h2>')  # between the page's heading and those of its parts
    st.button("Show the page again", key="again")  # pressed by live.js when a lost connection is back; not seen
    with draw_tab:
        draw_or_upload.render(deployer)
    if audit_tab.open:  # its charts are not sent before somebody looks at them
        from deployment.pages.audit import page as audit

        with audit_tab:
            audit.render(deployer)
    if text_tab.open:
        from deployment.pages.text import page as text

        with text_tab:
            text.render()


main()
