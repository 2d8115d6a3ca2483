"""Data shared by several pages, loaded once per process."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.digits.data import read_checked


@st.cache_resource(show_spinner=False)
def training_images() -> NDArray[np.uint8]:
    """The 60,000 training images (N, 28, 28), shared by sessions and tabs."""
    return read_checked("train-images-idx3-ubyte")
