"""Checks of the sources that nothing read can run: no pickles, no evaluated text, no shell. Tests are excluded."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXCLUDED = {"tests", "data", "docs"}  # and names with a leading dot: environments, work in progress

# These create arbitrary objects from a file.
UNPICKLING = {"pickle", "_pickle", "cPickle", "pickletools", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
# By module and function, whatever the name of the import.
NEVER = {
    "eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec",
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load",
    "tempfile.mktemp",  # another process can create a link there first
    "streamlit.cache_data",  # it pickles; st.cache_resource does not
    "torch.hub.load", "torch.jit.load",
}  # fmt: skip
METHODS = {"read_pickle", "to_pickle", "cache_data"}  # of any object
# numpy pickles objects that it saves unless forbidden; it never loads them by default.
SAVING = {"numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.lib.format.write_array"}
REQUIRED = {
    "allow_pickle": False,
    "shell": False,
    "trust_remote_code": False,
    "unsafe_allow_html": False,
    "unsafe_allow_javascript": False,
}


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Return the full name of each imported name."""
    full_names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full_names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            full_names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return full_names


def full_name(node: ast.expr, known: dict[str, str]) -> str:
    """Return “numpy.lib.format.write_array” for np.lib.format.write_array; “?.method” for other objects."""
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def argument(call: ast.Call, name: str) -> object:
    """Return the value of a keyword argument if it is a constant, else its node."""
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return value.value if isinstance(value, ast.Constant) else value


def modules(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    for name in known.values():
        if UNPICKLING & set(name.split(".")):
            yield name


def functions(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Yield forbidden functions in any use: called, passed on, or as a decorator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = full_name(node, known)
            if name in NEVER or (isinstance(node, ast.Attribute) and node.attr in METHODS):
                yield name


def settings(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    for call in calls(tree):
        for keyword in call.keywords:
            if keyword.arg in REQUIRED and argument(call, keyword.arg) is not REQUIRED[keyword.arg]:
                yield f"{full_name(call.func, known)}({keyword.arg}=…)"


def defaults(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Yield calls whose default is unsafe."""
    for call in calls(tree):
        name = full_name(call.func, known)
        if name in SAVING and argument(call, "allow_pickle") is not False:
            yield f"{name} without allow_pickle=False"
        if name == "torch.load" and argument(call, "weights_only") is not True:
            yield f"{name} without weights_only=True"


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


RULES: tuple[Callable[[ast.AST, dict[str, str]], Iterator[str]], ...] = (modules, functions, settings, defaults)


def violations(source: str) -> list[str]:
    tree = ast.parse(source)
    known = imported_names(tree)
    return [violation for rule in RULES for violation in rule(tree, known)]


def sources() -> list[Path]:
    parts = [(path, path.relative_to(ROOT).parts) for path in ROOT.rglob("*.py")]
    return [path for path, (first, *_) in parts if first not in EXCLUDED and not first.startswith(".")]


def test_sources_have_no_violations():
    files = sources()
    assert {"app.py", "atlas.py", "frame.py", "__main__.py"} <= {path.name for path in files}
    by_file = {str(path.relative_to(ROOT)): violations(path.read_text()) for path in files}
    assert not {name: problems for name, problems in by_file.items() if problems}


@pytest.mark.parametrize("source", [
    "import pickle", "import pickle as p", "from joblib import load", "def f():\n    import shelve",
    "from pandas.compat import pickle", "import multiprocessing.reduction as r, dill",
    "eval(x)", "exec(x)", "compile(x, '', 'exec')", "list(map(eval, x))", "import builtins as b\nb.eval(x)",
    "import os\nos.system(x)", "from os import popen as run\nrun(x)", "import subprocess as s\ns.getoutput(x)",
    "import subprocess\nsubprocess.run(x, shell=True)", "run(x, shell=flag)",
    "import yaml\nyaml.load(x)", "from yaml import unsafe_load\nunsafe_load(x)",
    "import torch\ntorch.load(x)", "import torch\ntorch.load(x, weights_only=False)",
    "from torch import load\nload(x, weights_only=flag)", "import torch as t\nt.hub.load(x)",
    "import numpy as np\nnp.load(x, allow_pickle=True)", "import numpy as np\nnp.load(x, allow_pickle=flag)",
    "import numpy as np\nnp.save(x, y)", "import numpy as np\nnp.savez(x, allow_pickle=True)",
    "from numpy.lib.format import write_array\nwrite_array(x, y)",
    "import numpy as np\nnp.lib.format.write_array(x, y)",
    "import streamlit as st\n@st.cache_data\ndef f(): pass", "import streamlit as st\n@st.cache_data()\ndef f(): pass",
    "from streamlit import cache_data as cached\n@cached\ndef f(): pass",
    "frame.to_pickle(x)", "import pandas as pd\npd.read_pickle(x)",
    "import tempfile\ntempfile.mktemp()", "from tempfile import mktemp\nmktemp()",
    "import streamlit as st\nst.markdown(x, unsafe_allow_html=True)", "st.html(x, unsafe_allow_javascript=True)",
    "model.from_pretrained(x, trust_remote_code=True)",
])  # fmt: skip
def test_violations_are_detected(source: str):
    assert violations(source)


@pytest.mark.parametrize("source", [
    "import re\nre.compile(x)", "model.eval()", "import json\njson.load(x)", "import numpy as np\nnp.load(x)",
    "import numpy as np\nnp.savez(x, allow_pickle=False)", "import torch\ntorch.load(x, weights_only=True)",
    "import subprocess\nsubprocess.run([x])", "import yaml\nyaml.safe_load(x)",
    "import streamlit as st\nst.cache_resource(f)", "import tempfile\ntempfile.mkdtemp()",
])  # fmt: skip
def test_safe_code_is_accepted(source: str):
    assert not violations(source)
