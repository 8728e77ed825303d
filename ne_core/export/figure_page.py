"""A figure as one HTML file that fetches nothing: an SVG as it is, or a plotly figure with plotly inside (5 MB)."""

import re
from html import escape

STILL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MOVING = f"{STILL} blob:; script-src 'unsafe-inline'; font-src data:"  # its toolbar saves images by blob: addresses


def svg_page(svg: str, title: str) -> str:
    """Return a page around an SVG whose title and texts are escaped already."""
    return page(title, STILL, f'<figure style="margin:0">{svg}</figure>')


def plotly_page(figure, title: str) -> str:
    """Return a page with a plotly figure on white; its toolbar saves PNG at three times the size."""
    import plotly.graph_objects as go

    drawn = go.Figure(figure).update_layout(template="simple_white", title=plain(title), margin={"t": 60}, height=420)
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "png", "scale": 3, "filename": "figure"}}
    return page(title, MOVING, drawn.to_html(full_html=False, include_plotlyjs=True, config=config))


def plain(title: str) -> str:
    """Remove the characters of the HTML that plotly reads in titles."""
    return re.sub("[<>&]", " ", title)


def page(title: str, policy: str, body: str) -> str:
    """A complete HTML page under a Content-Security-Policy."""
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<title>{escape(title)}</title></head>\n'
        f'<body style="background:#fff">\n{body}\n</body></html>\n'
    )
