"""SVG as text: elements whose every attribute and text is escaped here."""

from html import escape

NUMBER = "{:.6g}"


def element(name: str, *inside: str, **attributes: object) -> str:
    """An element around what is SVG already. `stroke_width` becomes stroke-width; None leaves an attribute out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{''.join(inside)}</{name}>" if inside else f"<{name}{told}/>"


def written(value: object) -> str:
    return NUMBER.format(value) if isinstance(value, float) else str(value)


def text(said: str, x: int | float, y: int | float, **attributes: object) -> str:
    return element("text", escape(said), x=x, y=y, **attributes)


def wide(said: str) -> int:
    """Columns of a text in a monospaced font: signs from beyond Latin may take two."""
    return sum(1 + (ord(sign) > 0x2E7F) for sign in said)
