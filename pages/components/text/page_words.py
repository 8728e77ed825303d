"""Pages of a list: counted from 1 on the screen, as people do, and from 0 in addresses, as everything there is."""


def page_words(page: int, n_pages: int) -> str:
    """“Page 1 of 82”, of the page whose address says 0."""
    return f"Page {page + 1:,} of {n_pages:,}"


def pages_there_are(n_pages: int) -> str:
    """What an address may say, for one that says something else."""
    if n_pages == 1:
        return "one page, page=0"
    return f"{n_pages:,} pages, page=0 to page={n_pages - 1}"
