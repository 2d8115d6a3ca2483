"""The page /docs, made from the OpenAPI schema. It loads nothing: FastAPI's page takes scripts from another server."""

import html
from collections.abc import Mapping
from typing import Any

STYLE = """
:root {color-scheme: light dark;}
body {font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;}
h2 {font-size: 1.15rem; margin: 2rem 0 .3rem;}
td, th {text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0;}
pre {overflow-x: auto; padding: .6rem; border: 1px solid #8886; border-radius: 6px;}
"""


def page(schema: Mapping[str, Any]) -> str:
    """The HTML page of an OpenAPI schema as FastAPI makes it."""
    title = _text(schema["info"]["title"])
    parts = [_operation(path, method, operation) for path, methods in schema["paths"].items()
             for method, operation in methods.items()]
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-'
            f'width, initial-scale=1"><title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>'
            f"<p>{_text(schema['info'].get('description', ''))} The same as data: "
            f'<a href="openapi.json">openapi.json</a>.</p>{"".join(parts)}</body></html>\n')


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    options = [(one["name"], one["schema"] | {"description": one.get("description", "")})
               for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {})
    parts = [f"<h2><code>{method.upper()} {_text(path)}</code></h2><p>{_text(operation.get('description', ''))}</p>"]
    if body:
        token = "-H 'Authorization: Bearer TOKEN' " if "security" in operation else ""
        parts.append(f"<p>The picture is the field <code>file</code> of a form, or the body of the request: "
                     f"{_text(', '.join(body))}.</p><pre>curl {_text(token)}-F file=@photo.jpg ADDRESS{_text(path)}"
                     "</pre>")
    if options:
        parts.append(_table("Option, in the address or the form", [
            (name, f"{one['description']} {_values(one)}") for name, one in options]))
    parts.append(_table("Answer", [(status, one["description"]) for status, one in operation["responses"].items()]))
    return "".join(parts)


def _values(schema: Mapping[str, Any]) -> str:
    values = " or ".join(schema["enum"]) if "enum" in schema else schema.get("type", "")
    return f"({values}; default {str(schema.get('default')).lower()})"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    cells = "".join(f'<tr><th scope="row"><code>{_text(name)}</code></th><td>{_text(words)}</td></tr>'
                    for name, words in rows)
    return f"<table><caption style=\"text-align:left\">{_text(title)}</caption>{cells}</table>"


def _text(words: str) -> str:
    return html.escape(str(words))
