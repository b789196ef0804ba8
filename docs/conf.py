"""Settings of the site that `make docs` builds from the documents, the docstrings and three notebooks.

The source folder is the repository rather than `docs/` (`sphinx-build -c docs . docs/_build/html`): a link from one
file of the repository to another then is the same on the site as in the plain view of the file, wherever both lie. A
file that is no page (a table, a script, a licence) becomes a download. Nothing is fetched: the build needs no network.
"""

import os
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ["files", "features", "golden", "gates", "rtl", "cosim", "power"]  # those in the reference

# The packages of this checkout, for the reference and for the kernels of the notebooks.
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ.pop("MPLBACKEND", None)  # or a notebook's figures would not be shown

project = "rsnn-accelerator"
author = "The rsnn developers"
copyright = f"{author}, Apache-2.0"

root_doc = "docs/index"
include_patterns = ["docs/**", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/*.md", "results/**/*.md"]
exclude_patterns = [
    ".*", "build", "work", "**/*.egg-info", "docs/_build", "docs/_templates", "docs/_root",
    "results/mine", "results/run",
]
templates_path = [str(ROOT / "docs" / "_templates")]  # autosummary looks in the source folder otherwise

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
nitpicky = True
# The names of other projects, in annotations, are not looked up: that would take their inventories from the network.
nitpick_ignore_regex = [("py:.*", rf"(?!({'|'.join(ROOMS)})\.).*")]
# Type variables, which have no page of their own.
_VARIABLES = ("power.gates.Value", "rtl.elaboration.Given", "rtl.elaboration.Result")
nitpick_ignore = [("py:class", name) for name in _VARIABLES]

myst_heading_anchors = 4  # as the plain view has them: page.md#a-heading

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
numpydoc_show_class_members = False  # autodoc lists them

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # seconds a cell: the first compiles golden
nb_execution_show_tb = True
nb_merge_streams = True

html_theme = "furo"
html_extra_path = ["_root"]  # index.html, which leads to docs/index.html
html_title = "rsnn-accelerator"
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Connect what Sphinx calls by event."""
    app.connect("source-read", entitle)


def entitle(app: Sphinx, name: str, source: list[str]) -> None:
    """Give a table that a command wrote into `results/` the name of its file as a title, which a page must have."""
    if name.startswith("results/") and not source[0].startswith("# "):
        source[0] = f"# {name}.md\n\n{source[0]}"
