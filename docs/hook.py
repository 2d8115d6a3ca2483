"""The part of mkdocs.yml that is code: pages and pictures from outside docs/ are shown, not copied, and relative links
are those of the repository, so that they work there as well as in the built pages.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("analytics/EXPERIMENTS.md", "analytics/reports/*.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
         "NOTICE.md", "images/**/*.png", "images/*.webp", "deployment/assets/examples/*")
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^()\s#:]+)(?P<anchor>#[^()\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files of SHOWN, under their path in the repository."""
    for path in sorted(path for pattern in SHOWN for path in ROOT.glob(pattern)):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the relative links of a page, which are those of the repository, into links of the built pages."""
    uri = page.file.src_uri
    place = uri if page.file.generated_by else f"docs/{uri}"

    def built(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(place), match["target"]))
        inside = path.removeprefix("docs/")
        if files.get_file_from_path(inside):
            target = posixpath.relpath(inside, posixpath.dirname(uri) or ".")
        elif not (ROOT / path).exists():
            return match[0]  # a warning of MkDocs, which stops the build
        elif config.extra["source"]:
            target = f"{config.extra['source']}/{path}"
        else:
            return f"`{match['text']}`"
        return f"{match['picture']}[{match['text']}]({target}{match['anchor'] or ''})"

    parts = CODE.split(markdown)  # every second one is code
    return "".join(part if i % 2 else LINK.sub(built, part) for i, part in enumerate(parts))
