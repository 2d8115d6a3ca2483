"""The Streamlit app, `streamlit run deployment/app.py`: head of the page, choice of the model, tabs."""

import json
import os
from pathlib import Path

# One digit is too little work for two BLAS threads: on busy cores they wait tens of milliseconds for each other.
# Must be set before NumPy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import streamlit as st
from streamlit.components.v2 import component
from streamlit_lottie import st_lottie

from deployment import draw_or_upload
from deployment.deploy_mnist import MNISTDeployer, available_models
from deployment.reader.malloc import bound_arenas
from deployment.reader.wording import public_message
from deployment.ui import about, closed, theme
from deployment.ui.assets import asset
from deployment.ui.html import notice

bound_arenas()
_mark = component("mark", js=asset("mark.js"))
TABS = ["Draw or upload", "Scientific audit", "Feelings in text", "Lab"]


@st.cache_resource(max_entries=4, show_spinner="Loading the network …")
def _load(path: Path, modified: float) -> MNISTDeployer:
    """A loaded model, shared by all sessions. `modified` invalidates the cache when the model was trained again."""
    return MNISTDeployer(path)


def _choose_model() -> MNISTDeployer | str:
    """The model chosen in the head of the page, or the reason why it cannot be loaded."""
    models = available_models()
    name = st.selectbox("Model", list(models), key="model", width=190, label_visibility="collapsed",
                        bind="query-params")
    try:
        config = models[name] / "config.json"
        return _load(models[name], config.stat().st_mtime if config.exists() else 0.0)
    except (KeyError, OSError, ValueError) as error:
        return f"The {name or 'model'} cannot be loaded: {public_message(error)}"


def _open_tab() -> None:
    """Open the tab in the address, at first and after the browser's Back or Forward."""
    state, asked = st.session_state, st.query_params.get("tab")
    if asked != state.get("asked_tab"):
        state.tab = asked if asked in TABS else TABS[0]
    state.asked_tab = asked


def _choose_tab() -> None:
    """Add the chosen tab to the browser's history."""
    st.session_state.asked_tab = st.query_params["tab"] = st.session_state.tab


def main() -> None:
    """Render the page."""
    closed.watch()
    st.set_page_config(page_title="Qualm - a digit reader that states its doubt", page_icon="🔢", layout="wide")
    st.html(f"<style>{theme.CSS}</style>")
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        with st.container(width="stretch"):
            st.html(
                '<div class="q"><h1 class="q-title">Qualm</h1>'
                '<p class="q-quiet">Reads handwritten digits and says how sure it is</p></div>'
            )
        with st.container(width=170, key="mark"):
            st_lottie(json.loads(asset("ten_dots.json")), loop=False, height=40, width=170,
                      key="ten_dots")
            _mark(key="mark_focus")
        with st.container(width="content", key="phone_menu"):  # CSS shows and hides the next container with it
            st.html('<details class="q-menu"><summary aria-label="Menu: model and About">☰</summary></details>')
        with st.container(horizontal=True, width="content", key="menu"):
            deployer = _choose_model()
            asked = st.button("About", key="about", disabled=isinstance(deployer, str))
    if isinstance(deployer, str):
        st.html(notice(deployer))
        return
    if asked:
        about.show(deployer)

    _open_tab()
    draw_tab, audit_tab, text_tab, lab_tab = st.tabs(TABS, key="tab", on_change=_choose_tab)
    for tab, name in zip((draw_tab, audit_tab, text_tab, lab_tab), TABS, strict=True):
        tab.html(f'<h2 class="q-hidden">{name}</h2>')  # heading level between the page and its parts
    st.button("Show the page again", key="again")  # hidden; pressed by live.js after a lost connection
    with draw_tab:
        draw_or_upload.render(deployer)
    if audit_tab.open:  # its charts are sent only when the tab is open
        from deployment.pages.audit import page as audit

        with audit_tab:
            audit.render(deployer)
    if text_tab.open:
        from deployment.pages.text import page as text

        with text_tab:
            text.render()
    if lab_tab.open:
        from deployment.pages.lab import page as lab

        with lab_tab:
            lab.render(deployer)


main()
