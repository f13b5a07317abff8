"""The site of docs/, for Sphinx. scripts/site_docs.py lays out its sources, a tree a language."""

import os
from pathlib import Path

HERE = Path(os.environ["CPX_SITE_CONFIG"])
LANGUAGES = {"en": "English", "fr": "Français"}

project = "cpx-tool"
author = "The cpx-tool authors"
copyright = f"2026, {author}"
language = os.environ["CPX_SITE_LANGUAGE"]
root_doc = "docs/index"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}

nitpicky = True
myst_heading_anchors = 4  # as GitHub and GitLab make them
myst_enable_extensions = ["tasklist"]
smartquotes = False  # "--json" is no dash

html_theme = "furo"
html_title = project
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
templates_path = [str(HERE / "templates")]
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it fetches pages, which file:// does not allow
html_context = {"languages": list(LANGUAGES.items()), "site_language": language}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "languages.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
