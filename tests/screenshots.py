"""Screenshots of every page for the README: python -m tests.screenshots --atlas data/demo --out docs/screenshots."""

import argparse
from pathlib import Path
from urllib.parse import urlencode

from tests.support.browser import chromium, served, settled

TEXT = "Return the index of the first item in the list, or raise a ValueError if there is none."
LISTS = {"prompt": "Features that fire"}  # drawn when the model, which is loaded first, has answered
ANSWER_MS = 180_000
SIZES = {"wide": (1400, 900), "narrow": (420, 860)}
THEMES = ("light", "dark")


def views(atlas: str, query: str, lab: str | None) -> dict[str, str]:
    """Return a name and an address for each page; `query` is the search, `lab` another atlas, with a lab."""
    return {
        "overview": f"?atlas={atlas}",
        "neuron": f"neuron?atlas={atlas}",
        "prompt": f"prompt?{urlencode({'atlas': atlas, 'text': TEXT})}",
        "ranking": f"ranking?atlas={atlas}",
        "search": f"search?atlas={atlas}&q={query}",
        "map": f"map?atlas={atlas}&q={query}",
        "across_layers": f"across_layers?atlas={atlas}",
        "side_by_side": f"side_by_side?atlas={atlas}",
        "spaces": f"spaces?atlas={atlas}",
        "game": f"game?atlas={atlas}",
        "about": f"about?atlas={atlas}",
    } | ({"sae_lab": f"sae_lab?atlas={lab}"} if lab else {})


def save_screenshot(page, address: str, file: Path, whole: bool, drawn_list: str | None = None) -> None:
    page.goto(address)
    settled(page)
    page.locator("h1").first.wait_for()
    if drawn_list:
        page.get_by_role("list", name=drawn_list).wait_for(timeout=ANSWER_MS)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=ANSWER_MS)
    page.wait_for_timeout(1500)  # figures and components draw after the script has ended
    if whole:  # the page scrolls within a container: enlarge the window to its height
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, 6000)})
        page.wait_for_timeout(600)
    page.screenshot(path=str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atlas", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lab", help="the name of an atlas beside it that has a lab")
    parser.add_argument("--query", default="import")
    parser.add_argument("--whole", action="store_true", help="whole pages, not only the first screen")
    parser.add_argument("--only", help="one page")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with served(args.atlas.parent) as address, chromium(webgl=True) as browser:
        for size, (width, height) in SIZES.items():
            for theme in THEMES:
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                for name, view in views(args.atlas.name, args.query, args.lab).items():
                    if args.only in (None, name):
                        page = context.new_page()
                        file = args.out / f"{name}-{theme}-{size}.png"
                        save_screenshot(page, f"{address}/{view}", file, args.whole, LISTS.get(name))
                        page.close()
                context.close()


if __name__ == "__main__":
    main()
