"""Read pictures over HTTP, for other programs: `python -m deployment.api`. Needs FastAPI and uvicorn, not Streamlit."""
