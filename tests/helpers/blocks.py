"""Code blocks of the project's pages."""

import re


def blocks(page, language):
    """The blocks of a language in a page of Markdown, without those that have a title."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def quotations(page):
    """(path, code) of the blocks whose title names the file they are quoted from."""
    return re.findall(r'^```python title="([^"]+)"\n(.*?)^```', page, re.DOTALL | re.MULTILINE)
