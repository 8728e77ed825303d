"""Names in the files of deploy/: `{{title}}` and its like. They go into YAML, Markdown, a unit and nginx's language."""

import re

# What means itself in all of these languages: no quotes, backslashes, line breaks or any of $ % < > [ ] ` {.
TITLE = re.compile(r"[\w][\w .,:()+–-]{0,59}")
SITE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.ASCII)
PATH = re.compile(r"[a-z0-9]([a-z0-9_-]{0,60}[a-z0-9])?", re.ASCII)


def checked(title: str, site: str, path: str) -> dict[str, str]:
    """Raises ValueError for what could be read as more than a name."""
    if not TITLE.fullmatch(title):
        raise ValueError(f"--title {shown(title)}: at most 60 letters, digits, spaces and . , : ( ) + - would work")
    if not SITE.fullmatch(site):
        raise ValueError(f"--site {shown(site)}: the name of a server would work, such as atlas.example.org")
    if not PATH.fullmatch(path):
        raise ValueError(f"--path {shown(path)}: one word of small letters and digits would work, such as explorer")
    return {"title": title, "site": site, "path": path}


def shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def filled(text: str, names: dict[str, str]) -> str:
    """Raises KeyError for a name that nothing is known of: a mistake in a file of deploy/."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: names[found[1]], text)
