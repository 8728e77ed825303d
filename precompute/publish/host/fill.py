"""Names in the files of deploy/, such as `{{title}}`: inserted into YAML, Markdown, systemd and nginx files."""

import re

# Literal in all of these languages: no quotes, backslashes, line breaks or any of $ % < > [ ] ` {.
TITLE = re.compile(r"[\w][\w .,:()+–-]{0,59}")
SITE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.ASCII)
PATH = re.compile(r"[a-z0-9]([a-z0-9_-]{0,60}[a-z0-9])?", re.ASCII)


def check_names(title: str, site: str, path: str) -> dict[str, str]:
    """Return the names by placeholder. Raises ValueError for characters with a meaning in the files."""
    if not TITLE.fullmatch(title):
        raise ValueError(f"--title {shortened(title)}: at most 60 letters, digits, spaces and . , : ( ) + - would work")
    if not SITE.fullmatch(site):
        raise ValueError(f"--site {shortened(site)}: the name of a server would work, such as atlas.example.org")
    if not PATH.fullmatch(path):
        raise ValueError(
            f"--path {shortened(path)}: one word of lower-case letters and digits would work, such as explorer"
        )
    return {"title": title, "site": site, "path": path}


def shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def fill_names(text: str, names: dict[str, str]) -> str:
    """Replace the placeholders. Raises KeyError for an unknown one: a mistake in a file of deploy/."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: names[match[1]], text)
