"""Nothing that is read can run: no pickles, no evaluated text, no shell. Read from the sources, tests excepted."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_OURS = {"tests", "data", "docs"}  # and what begins with a dot: environments, work in progress

# They make objects of whatever a file says.
UNPICKLING = {"pickle", "_pickle", "cPickle", "pickletools", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
# Named by module and function, whatever they were imported as.
NEVER = {
    "eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec",
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load",
    "tempfile.mktemp",  # another process can put a link there before the file is made
    "streamlit.cache_data",  # it pickles: st.cache_resource does not
    "torch.hub.load", "torch.jit.load",
}  # fmt: skip
OF_ANYTHING = {"read_pickle", "to_pickle", "cache_data"}  # methods, of whatever object
# What numpy writes is pickled where it must be, unless it is told not to; what it reads it refuses, unless told to.
SAVING = {"numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.lib.format.write_array"}
TOLD = {
    "allow_pickle": False,
    "shell": False,
    "trust_remote_code": False,
    "unsafe_allow_html": False,
    "unsafe_allow_javascript": False,
}


def names(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for, in full."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                found[each.asname or each.name.split(".")[0]] = each.name if each.asname else each.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def full(node: ast.expr, known: dict[str, str]) -> str:
    """`np.lib.format.write_array` as “numpy.lib.format.write_array”; of an object that is no module, “?.method”."""
    if isinstance(node, ast.Attribute):
        return f"{full(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def told(call: ast.Call, name: str) -> object:
    """What a call says by this name, where it says it plainly."""
    value = next((each.value for each in call.keywords if each.arg == name), None)
    return value.value if isinstance(value, ast.Constant) else value


def modules(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    for name in known.values():
        if UNPICKLING & set(name.split(".")):
            yield name


def functions(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Used in any way: called, handed on, or set above a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = full(node, known)
            if name in NEVER or (isinstance(node, ast.Attribute) and node.attr in OF_ANYTHING):
                yield name


def settings(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    for call in calls(tree):
        for each in call.keywords:
            if each.arg in TOLD and told(call, each.arg) is not TOLD[each.arg]:
                yield f"{full(call.func, known)}({each.arg}=…)"


def defaults(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Where what is not said is not safe."""
    for call in calls(tree):
        name = full(call.func, known)
        if name in SAVING and told(call, "allow_pickle") is not False:
            yield f"{name} without allow_pickle=False"
        if name == "torch.load" and told(call, "weights_only") is not True:
            yield f"{name} without weights_only=True"


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


RULES: tuple[Callable[[ast.AST, dict[str, str]], Iterator[str]], ...] = (modules, functions, settings, defaults)


def offences(source: str) -> list[str]:
    tree = ast.parse(source)
    known = names(tree)
    return [said for rule in RULES for said in rule(tree, known)]


def sources() -> list[Path]:
    parts = [(path, path.relative_to(ROOT).parts) for path in ROOT.rglob("*.py")]
    return [path for path, (first, *_) in parts if first not in NOT_OURS and not first.startswith(".")]


def test_nothing_that_is_read_can_run():
    files = sources()
    assert {"app.py", "atlas.py", "frame.py", "__main__.py"} <= {path.name for path in files}
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in files}
    assert not {name: said for name, said in found.items() if said}


@pytest.mark.parametrize("planted", [
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
    "from streamlit import cache_data as kept\n@kept\ndef f(): pass",
    "frame.to_pickle(x)", "import pandas as pd\npd.read_pickle(x)",
    "import tempfile\ntempfile.mktemp()", "from tempfile import mktemp\nmktemp()",
    "import streamlit as st\nst.markdown(x, unsafe_allow_html=True)", "st.html(x, unsafe_allow_javascript=True)",
    "model.from_pretrained(x, trust_remote_code=True)",
])  # fmt: skip
def test_each_rule_finds_its_offence(planted: str):
    assert offences(planted)


@pytest.mark.parametrize("innocent", [
    "import re\nre.compile(x)", "model.eval()", "import json\njson.load(x)", "import numpy as np\nnp.load(x)",
    "import numpy as np\nnp.savez(x, allow_pickle=False)", "import torch\ntorch.load(x, weights_only=True)",
    "import subprocess\nsubprocess.run([x])", "import yaml\nyaml.safe_load(x)",
    "import streamlit as st\nst.cache_resource(f)", "import tempfile\ntempfile.mkdtemp()",
])  # fmt: skip
def test_and_nothing_else(innocent: str):
    assert not offences(innocent)
