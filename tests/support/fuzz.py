"""Hostile and odd requests by number: each number gives the same case on every machine, so that it can be replayed.

python -m tests.support.fuzz 4711    # the address of view 4711
"""

import importlib
import pkgutil
import random
import string
import sys
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, quote_plus

from ne_core.method.similar import SPACES
from pages.components import url
from pages.components.shell.nav import PAGES
from pages.components.url.declared import VIEWS, Addressed

MARK = "nefuzz"  # in every harmful text, so that it is recognised in the output
HARMFUL = [
    f"<script>window.{MARK}=1</script>", f'"><img src=x onerror="window.{MARK}=1">', f"<svg/onload=window.{MARK}=1>",
    f"<{MARK}-element>", f"</style><b id={MARK}>", f"&lt;script&gt;{MARK}&#60;", f"javascript:window.{MARK}=1",
    f"[{MARK}](javascript:alert(1))", f"![{MARK}](http://192.0.2.1/x.png)", f"[{MARK}]: http://192.0.2.1",
    f"# {MARK}\n\n- a\n> b\n```\n", f"**{MARK}** _a_ `b` ~~c~~", f"$\\href{{javascript:{MARK}}}{{x}}$", f"$${MARK}$$",
    f":material/{MARK}:", f":red[{MARK}] :streamlit: :{MARK}: ->", f"<http://192.0.2.1/{MARK}> www.{MARK}.example",
    f"' OR 1=1; DROP TABLE {MARK}; --", f'{MARK}" OR words:*', f"{MARK}* NEAR(a b, 2) ^c -d +e",
    f'"{MARK}', f"({MARK}",
    f"../../../../etc/passwd#{MARK}", f"..\\..\\{MARK}", f"/etc/passwd\0{MARK}", f"file:///etc/{MARK}", f"C:\\{MARK}",
    f"%s%n%x{MARK}", "{0.__class__}{MARK}", f"{{{{7*7}}}}{MARK}", f"$({MARK})`id`;|&", f"\r\nSet-Cookie: {MARK}=1",
    f"({'a+' * 20})+{MARK}", f"{'a' * 60}!{MARK}", f"\\{MARK}\\u202e\\x00", f"__proto__[{MARK}]",
    f"=cmd|'/c {MARK}'!A0",
]  # fmt: skip
ODD = [
    "", " ", "\0", "\u202eabc\u2066", "\ufeff", "\U0010ffff",
    "e" + "\u0301" * 200, "\u200d" * 50, "ﷺ" * 30, "ß" * 120, "İ" * 80,
    "a\u2028b", "日本語", "🙂" * 90, "ا" * 100, "\x1b[31m", "x" * 201, "x " * 400, "x" * 3_000, "␣", "[U+0041]",
    "\\x00", "∅",
    "undefined", "null", "None", "True", "[]", "{}", "[object Object]", "١٢", "１２", "²", "Ⅷ", "0" * 300, "9" * 5_000,
]  # fmt: skip
NUMBERS = [
    "0", "1", "2", "-1", "-0", "+1", "00", "01", "0x10", "1e3", "1E400", "-1e999", "nan", "NaN", "inf", "-inf",
    "1_0", "1.", ".5",
    "-.5", "0.5000000001", "1,5", "1e-320", "2147483647", "2147483648", "-2147483649", "9007199254740993",
    "999999999",
    "1000000000", "18446744073709551616", f"1{'0' * 30}", "0.1.2", "1/2", "0b1", " 1", "1 ", "٣", "3.17.2", "0.0.0",
    "0.0.-1",
    "L0 N0 F0", "99.99.99", "0.999999999.0", "2.0.0", "0.2.1", "1-2", "2-", "-9", "-", "9-1", "nan-inf", "1e5-",
    "1-2-3",
]  # fmt: skip
BAD_ESCAPES = [
    "%",
    "%%",
    "%zz",
    "%ED%A0%80",
    "%C0%AF",
    "%F5%80%80%80",
    "%FF%FE",
    "%u0041",
    "%00",
    "%E2%80%AE",
    "+%2B+",
    "%252e",
]

# Values that are valid for the planted atlases, besides the examples declared by the views.
PLANTED: dict[str, list[str]] = {
    "atlas": ["planted", "planted-lab", "demo"], "layer": ["0", "1", "2"], "neuron": ["0", "1", "2", "3", "5"],
    "cut": ["0", "0.3", "0.5", "0.75", "2"], "branch": ["0", "3", "15"], "space": list(SPACES),
    "baseline": ["mask-token", "mean-embedding", "mean"], "least": ["0.3", "50", "1000000"],
    "holds": ["cat", " cat", "日"], "q": ["cat", "the cat", "ca", "script", "red moon", "🙂", "7"],
    "page": ["0", "1", "9999"], "size": ["1-10", "5-"], "example": ["0", "5", "17"],
    "image": ["0", "7", "39"],
}  # fmt: skip
for module in pkgutil.iter_modules(url.__path__, f"{url.__name__}."):
    importlib.import_module(module.name)  # every view


UNKNOWN = [
    "",
    "embed",
    "embed_options",
    "theme",
    "Layer",
    "layer[]",
    "__proto__",
    "constructor",
    "_layer",
    "key",
    MARK,
    "ｑ",
]
ELSEWHERE = [
    "nothing",
    "../../etc/passwd",
    "neuron/neuron",
    "_stcore",
    "%2e%2e",
    "Neuron",
    "pages/neuron.py",
    "neuron\0",
    MARK,
]


def parameters() -> dict[str, list[str]]:
    """Return every parameter that a page reads, with valid values."""
    return parameters_of(tuple(VIEWS.values()))


@cache
def parameters_of(views: tuple[type[Addressed], ...]) -> dict[str, list[str]]:
    parameters = {name: list(texts) for name, texts in PLANTED.items()}
    for view in views:
        for name, texts in view.names().items():
            parameters.setdefault(name, []).extend(texts)
    return parameters


ENDS = {ord(character): quote(character) for character in "&#=+%\0"}


@dataclass(frozen=True)
class Address:
    page: str
    query: str
    texts: tuple[str, ...]  # the harmful ones in it

    def __str__(self) -> str:
        return f"/{self.page}?{self.query}"


def address(number: int, page: str | None = None) -> Address:
    """Return a page and its query: valid, wrong, odd and harmful parameters, known and unknown, some repeated."""
    rng = random.Random(number)
    page = rng.choice([*PAGES, *VIEWS, "", rng.choice(ELSEWHERE)]) if page is None else page
    known = tuple(VIEWS[page].names() if page in VIEWS else parameters())
    names = rng.sample(known, k=rng.randint(0, min(7, len(known))))
    names += rng.choice(([], ["atlas"], rng.sample(list(parameters()), k=2)))
    names += [rng.choice([*names, *UNKNOWN]) for _ in range(rng.choice((0, 0, 0, 1, 2)))]
    pairs = [(name, value(rng, name)) for name in names]
    query = "&".join(f"{escaped(rng, name)}={escaped(rng, text)}" for name, text in pairs)
    damage = rng.choice(
        ("", "", "", "", "", rng.choice(BAD_ESCAPES), f"&{rng.choice(BAD_ESCAPES)}=1", "&&=&", "&cut", "#x")
    )
    return Address(page, query + damage, tuple(text for pair in pairs for text in pair if MARK in text))


def value(rng: random.Random, name: str) -> str:
    """Return a value for a parameter, most often a valid one, so that deeper code is reached."""
    kind = rng.random()
    valid = rng.choice(parameters().get(name) or ODD)
    if kind < 0.4:
        return valid
    if kind < 0.6:
        return rng.choice(HARMFUL)
    if kind < 0.75:
        return rng.choice(NUMBERS)
    return rng.choice(ODD) if kind < 0.85 else mutated(rng, valid)


def text(number: int) -> str:
    """Return a text as typed or found in a file: harmful, odd or numeric, or several of them, mutated."""
    rng = random.Random(number)
    joined = " ".join(rng.choice((*HARMFUL, *ODD, *NUMBERS, *PLANTED["q"])) for _ in range(rng.choice((1, 1, 1, 2, 5))))
    return mutated(rng, joined) if rng.random() < 0.4 else joined


def mutated(rng: random.Random, original: str) -> str:
    """Remove, double, insert or replace a few characters."""
    characters = list(original)
    for _ in range(rng.randint(1, 4)):
        index = rng.randint(0, len(characters))
        new = rng.choice(
            (rng.choice(string.printable), chr(rng.randrange(0xD800)), rng.choice("\0\u202e\u0301<>&\"'$:`[]()*_.-%"))
        )
        characters[index : index + rng.randint(0, 2)] = rng.choice(
            ([new], [new, new], characters[index : index + 1] * 3, [])
        )
    return "".join(characters)


def escaped(rng: random.Random, value: str) -> str:
    """Escape as browsers do, as old ones did, completely, or only the characters that would end the value."""
    encoded, kind = value.encode("utf-8", "surrogatepass"), rng.randrange(4)
    if kind == 0:
        return "".join(f"%{byte:02x}" for byte in encoded)
    if kind == 1:
        return value.encode("utf-8", "replace").decode().translate(ENDS)
    return quote(encoded) if kind == 2 else quote_plus(encoded)


def json_value(number: int) -> object:
    """Return JSON that a component or a file might hold instead of valid data."""
    rng = random.Random(number)
    return nested(rng, rng.choice((0, 1, 2, 3)))


def nested(rng: random.Random, depth: int) -> object:
    if not depth:
        plain = (
            None,
            True,
            False,
            0,
            -1,
            1.5,
            2**31,
            10**30,
            10**400,
            -(10**19),
            float("nan"),
            float("inf"),
            -0.0,
            1e308,
        )
        return rng.choice((rng.choice(plain), rng.randint(-3, 40), rng.choice(HARMFUL), rng.choice(ODD), rng.random()))
    items = [nested(rng, rng.randrange(depth)) for _ in range(rng.choice((0, 1, 2, 4, 4, 4, 30)))]
    if rng.random() < 0.6:
        return items
    names = ["request", "value", "__proto__", "constructor", "length", "", *HARMFUL[:5], *(str(i) for i in range(20))]
    return {rng.choice(names): item for item in items}


if __name__ == "__main__":
    print(address(int(sys.argv[1])))
