"""SVG as text: every attribute and text is escaped here."""

from html import escape

NUMBER = "{:.6g}"


def element(name: str, *content: str, **attributes: object) -> str:
    """Return an element around SVG content. `stroke_width` becomes stroke-width; None omits an attribute."""
    attribute_list = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(attribute_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{attribute_list}>{''.join(content)}</{name}>" if content else f"<{name}{attribute_list}/>"


def attribute_text(value: object) -> str:
    """An attribute's value as SVG writes it."""
    return NUMBER.format(value) if isinstance(value, float) else str(value)


def text(content: str, x: int | float, y: int | float, **attributes: object) -> str:
    """A text at a place."""
    return element("text", escape(content), x=x, y=y, **attributes)


def text_width(content: str) -> int:
    """Columns of a text in a monospaced font: characters beyond Latin may take two."""
    return sum(1 + (ord(character) > 0x2E7F) for character in content)
