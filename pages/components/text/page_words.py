"""Texts about pages of a list: numbered from 1 on the screen, and from 0 in addresses, like everything there."""


def page_words(page: int, n_pages: int) -> str:
    """“Page 1 of 82”, for page 0 of the address."""
    return f"Page {page + 1:,} of {n_pages:,}"


def valid_pages(n_pages: int) -> str:
    """Valid values of the parameter `page`, for the message about another value."""
    if n_pages == 1:
        return "one page, page=0"
    return f"{n_pages:,} pages, page=0 to page={n_pages - 1}"
