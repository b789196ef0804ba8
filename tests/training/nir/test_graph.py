"""What a NIR graph must be, and the sentence that refuses any other."""

from __future__ import annotations

import h5py
import nir
import numpy as np
import pytest

from tests.training.nir_chains import chain, lif
from training.nir.exporting import to_nir
from training.nir.file import read_graph
from training.nir.graph import NirError, chain_of
from training.nir.importing import from_nir, read_nir
from training.nir.settings import ImportSettings


def with_node(name, node):
    def change(graph):
        graph.nodes[name] = node

    return change


def with_edges(*edges, without=()):
    def change(graph):
        graph.edges = [edge for edge in graph.edges if edge not in without] + list(edges)

    return change


def both(*changes):
    def change(graph):
        for one in changes:
            one(graph)

    return change


CONV = nir.Conv2d((5, 5), np.zeros((4, 3, 2, 2)), 1, 0, 1, 1, np.zeros(4))
CUBA = nir.CubaLIF(**{name: np.ones(4) for name in ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold")})
REFUSED = {
    "tau by neuron": (with_node("lif", lif(4, tau=np.array([2e-4, 4e-4] * 2))), "'lif' .LIF.: tau is 0.0002..0.0004"),
    "threshold by neuron": (with_node("lif", lif(4, v_threshold=np.arange(4.0))), "'lif' .LIF.: v_threshold is 0..3"),
    "threshold below 0": (with_node("lif", lif(4, v_threshold=np.full(4, -1.0))), "v_threshold is -1"),
    "huge threshold": (with_node("lif", lif(4, v_threshold=np.full(4, 1e30))), "v_threshold is 1e.30"),
    "v_leak": (with_node("lif", lif(4, v_leak=np.full(4, 0.1))), "'lif' .LIF.: v_leak is 0.1..0.1, expected 0"),
    "v_reset": (with_node("lif", lif(4, v_reset=np.full(4, -0.1))), "'lif' .LIF.: v_reset is -0.1..-0.1, expected 0"),
    "tau below dt": (with_node("lif", lif(4, tau=np.full(4, 1e-5))), "'lif' .LIF.: tau is 1e-05 s"),
    "leak": (with_node("lif", lif(4, tau=np.full(4, 1.2e-4))), "'lif' .LIF.: tau leaves beta = 0.166.*leak_tolerance"),
    "tau not a number": (with_node("lif", lif(4, tau=np.full(4, np.nan))), "'lif': tau: expected finite"),
    "tau's size": (with_node("lif", lif(3)), "'lif' .LIF.: tau has 3 values, expected 4"),
    "hidden bias": (with_node("feed", nir.Affine(np.ones((4, 3)), np.ones(4))), "'feed' .Affine.: bias up to 1"),
    "recurrent bias": (with_node("back", nir.Affine(np.ones((4, 4)), np.ones(4))), "'back' .Affine.: bias up to 1"),
    "bias's size": (with_node("readout", nir.Affine(np.ones((2, 4)), np.ones(3))), "'readout' .Affine.: bias has 3"),
    "convolution": (with_node("feed", CONV), "'feed': type is Conv2d, expected Linear or Affine"),
    "current-based": (with_node("lif", CUBA), "'lif': type is CubaLIF, expected LIF"),
    "no leak": (with_node("lif", nir.IF(np.ones(4), np.ones(4))), "'lif': type is IF, expected LIF"),
    "weights' shape": (with_node("feed", nir.Linear(np.ones((4, 5)))), "'feed' .Linear.: weight has shape .4, 5., exp"),
    "weights not numbers": (with_node("feed", nir.Linear(np.full((4, 3), np.inf))), "'feed': weight: expected finite"),
    "huge weights": (with_node("feed", nir.Linear(np.full((4, 3), 1e20))), "'feed': weight reaches 1e.20"),
    "huge read-out": (with_node("readout", nir.Linear(np.full((2, 4), 1e20))), "'readout': weight reaches 1e.20"),
    "input's shape": (with_node("input", nir.Input(np.array([3, 2]))), "'input' .Input.: shape .3, 2., expected one"),
    "two inputs": (with_node("second", nir.Input(np.array([3]))), "2 Input nodes"),
    "no output": (lambda graph: (graph.nodes.pop("output"), graph.edges.pop()), "0 Output nodes"),
    "missing node": (with_edges(("lif", "nowhere")), "'nowhere' is missing"),
    "skip connection": (with_edges(("input", "readout")), "'input' .Input.: leads to"),
    "stray node": (with_node("stray", nir.Linear(np.ones((4, 4)))), "'stray' .Linear.: not on the way"),
    "no neurons": (
        with_edges(("feed", "output"), without=[("feed", "lif"), ("lif", "readout"), ("readout", "output")]),
        "'feed': leads to the output",
    ),
    "two matrices back": (
        both(with_node("more", nir.Linear(np.ones((4, 4)))), with_edges(("lif", "more"), ("more", "lif"))),
        "'lif' .LIF.: fed by",
    ),
    "delay back": (
        both(
            with_node("delay", nir.Delay(np.full(4, 1e-4))),
            with_edges(("lif", "delay"), ("delay", "back"), without=[("lif", "back")]),
        ),
        "'delay' .Delay.: delay",
    ),
    "delay forward": (
        both(
            with_node("delay", nir.Delay(np.full(4, 1e-4))),
            with_edges(("feed", "delay"), ("delay", "lif"), without=[("feed", "lif")]),
        ),
        "'delay' .Delay.: delay",
    ),
    "dt": (lambda graph: graph.metadata.update(dt="soon"), "metadata 'dt': 'soon'"),
    "no dt": (lambda graph: graph.metadata.update(dt=None), "metadata 'dt': 'None'"),
    "dt of 0": (lambda graph: graph.metadata.update(dt=1e-320), "metadata 'dt': '1e-320', expected 1e-09..1e.06 s"),
    "dt without end": (lambda graph: graph.metadata.update(dt=1e308), "metadata 'dt': '1e.308'"),
    "dt of True": (lambda graph: graph.metadata.update(dt=True), "metadata 'dt': 'True'"),
    "two dt": (lambda graph: graph.metadata.update(dt=np.ones(2)), "metadata 'dt'"),
    "tau without end": (with_node("lif", lif(4, tau=np.full(4, 1e308))), "'lif' .LIF.: tau is 1e.308 s, expected at"),
    "r without end": (with_node("lif", lif(4, r=np.full(4, 1e308))), "'feed': weight reaches .*307 on the membrane"),
    "weights without end": (
        both(with_node("lif", lif(4, r=np.full(4, 1e308))), with_node("feed", nir.Linear(np.full((4, 3), 1e9)))),
        "'lif' .LIF.: r dt / tau reaches 5e.307: not to be computed with",
    ),
    "weak r": (with_node("lif", lif(4, r=np.full(4, 1e-320))), "'feed': weight reaches .*, expected 0 or 5.96e-08"),
    "denormal weights": (with_node("feed", nir.Linear(np.full((4, 3), 5e-324))), "'feed': weight reaches 4.94e-324"),
    "complex weights": (with_node("feed", nir.Linear(np.ones((4, 3), complex))), "'feed': weight: expected numbers"),
    "flags for weights": (with_node("feed", nir.Linear(np.ones((4, 3), bool))), "'feed': weight: expected numbers"),
    "objects for weights": (with_node("feed", nir.Linear(np.full((4, 3), None))), "'feed': weight: expected numbers"),
    "huge bias": (
        with_node("readout", nir.Affine(np.ones((2, 4)), np.full(2, 1e300))), "'readout' .*: bias reaches 1e.300",
    ),
    "no width": (with_node("feed", nir.Linear(np.ones((0, 3)))), "'feed' .Linear.: weight has shape .0, 3., expected"),
    "input of 0": (with_node("input", nir.Input(np.array([0]))), "'input' .Input.: shape .0., expected one dimension"),
    "input below 0": (with_node("input", nir.Input(np.array([-3]))), "'input' .Input.: shape .-3., expected"),
    "input of half": (with_node("input", nir.Input(np.array([2.5]))), "'input' .Input.: shape .2.5., expected"),
    "input of no type": (with_node("input", nir.Input(None)), "'input' .Input.: shape"),
    "huge input": (with_node("input", nir.Input(np.array([10**18]))), "weight has shape .4, 3., expected .n, 10000000"),
    "a name with a space": (with_node("a b", lif(4)), "node 'a b': expected a letter, digit or _, then"),
    "a name in Tcl": (with_node("lif[exec touch X]", lif(4)), "expected a letter, digit or _, then"),
    "a name that is no text": (with_node(3, lif(4)), "node '3': expected a letter, digit or _, then"),
    "a long name": (with_node("x" * 256, lif(4)), "node 'xxx.*at most 255 in all"),
    "two of a name": (
        both(with_node("sub.input", nir.Linear(np.ones((4, 4)))), with_node("sub", nir.NIRGraph(
            {"input": nir.Input(np.array([4])), "output": nir.Output(np.array([4]))}, [("input", "output")]))),
        "node 'sub.input': two of this name, one of them in a sub-graph",
    ),
    "a node that feeds all": (
        both(*(with_node(f"n{n}", nir.Linear(np.ones((4, 4)))) for n in range(20)),
             with_edges(*(("lif", f"n{n}") for n in range(20)))),
        "node 'lif': leads to more than 16 nodes",
    ),
    "a node that all feed": (
        both(*(with_node(f"n{n}", nir.Linear(np.ones((4, 4)))) for n in range(20)),
             with_edges(*((f"n{n}", "lif") for n in range(20)))),
        "node 'lif': fed by more than 16 nodes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("error")
def test_what_the_accelerator_cannot_run_is_refused(name):
    change, message = REFUSED[name]
    graph = chain()
    assert from_nir(graph).checkpoint.specification.layers == (4,)
    change(graph)
    with pytest.raises(NirError, match=message):
        from_nir(graph)


def test_two_time_steps_without_their_metadata_are_refused(network):
    with pytest.raises(NirError, match=r"'layer0_neurons.delay' .Delay."):
        from_nir(to_nir(network), ImportSettings(ignore_metadata=True))


def passing():
    """Return a graph of nothing but its ports."""
    nodes = {"input": nir.Input(np.array([3])), "output": nir.Output(np.array([3]))}
    return nir.NIRGraph(nodes, [("input", "output")], type_check=False)


def empty(inner, name="sub"):
    """Return a graph that passes through `inner`."""
    nodes = {"input": nir.Input(np.array([3])), name: inner, "output": nir.Output(np.array([3]))}
    return nir.NIRGraph(nodes, [("input", name), (name, "output")], type_check=False)


def test_graphs_in_graphs_end():
    inner = passing()
    for _ in range(15):
        inner = empty(inner)
    graph = chain()
    graph.nodes["sub"] = inner
    graph.edges = [edge for edge in graph.edges if edge != ("input", "feed")] + [("input", "sub"), ("sub", "feed")]
    np.testing.assert_array_equal(chain_of(graph).layers[0].feed, chain_of(chain()).layers[0].feed)
    graph.nodes["sub"] = empty(inner)
    with pytest.raises(NirError, match="a graph nested deeper than 16 levels"):
        chain_of(graph)
    graph.nodes["sub"].nodes["sub"] = graph.nodes["sub"]
    with pytest.raises(NirError, match="a graph nested deeper than 16 levels"):
        chain_of(graph)


def test_ports_in_a_circle_end():
    graph = chain()
    graph.nodes["sub"] = passing()
    graph.edges = [*graph.edges, ("sub", "sub")]
    assert len(chain_of(graph).layers) == 1  # leads nowhere, and nothing leads there


def test_long_lists_of_edges_are_read_once():
    # 8 layers and 10,000 passing graphs between them: a look through all edges a node would not end.
    graph = chain()
    count = 10_000
    graph.nodes |= {f"p{number}": passing() for number in range(count)}
    edges = [edge for edge in graph.edges if edge != ("input", "feed")]
    edges += [("input", "p0"), (f"p{count - 1}", "feed")]
    graph.edges = (edges + [(f"p{number}", f"p{number + 1}") for number in range(count - 1)]) * 20
    np.testing.assert_array_equal(chain_of(graph).layers[0].feed, chain_of(chain()).layers[0].feed)


# ---- files -------------------------------------------------------------------------------------------------


def damaged(folder, change):
    path = folder / "damaged.nir"
    nir.write(path, chain())
    with h5py.File(path, "r+") as file:
        change(file)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.__delitem__("node"), "'node' is missing"),
        (lambda file: file["node/nodes/lif"].__delitem__("tau"), "node 'lif' .LIF.: tau is missing"),
        (lambda file: file["node/nodes/feed"].__delitem__("weight"), "node 'feed' .Linear.: weight is missing"),
        (lambda file: file["node/nodes/input"].__delitem__("shape"), "node 'input' .Input.: shape is missing"),
        (lambda file: file["node/nodes/lif"].__delitem__("type"), "node 'lif': type is missing"),
        (lambda file: file["node/nodes/lif/type"].__setitem__((), "Banana"), "node 'lif': type is 'Banana'"),
        (lambda file: file["node/nodes/lif/type"].__setitem__((), "Linear"), "node 'lif' .Linear.: weight is missing"),
        (lambda file: file["node"].__delitem__("edges"), "node 'graph' .NIRGraph.: edges is missing"),
        (lambda file: file["node/nodes"].__delitem__("lif"), "node 'lif' is missing"),
        (lambda file: file["node/nodes"].__setitem__("loose", 3), "node 'loose': expected a group"),
        (lambda file: file["node/type"].__setitem__((), "LIF"), "holds a single LIF"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, change, message):
    path = damaged(tmp_path, change)
    with pytest.raises(NirError, match=rf"damaged\.nir: .*{message}"):
        read_nir(path)


def test_what_is_no_file_of_nir_is_refused(tmp_path):
    (tmp_path / "text.nir").write_text("not HDF5")
    nir.write(tmp_path / "whole.nir", chain())
    (tmp_path / "cut.nir").write_bytes((tmp_path / "whole.nir").read_bytes()[:3000])
    nir.write(tmp_path / "single.nir", chain().nodes["feed"])
    for name, message in (("text", "not a NIR graph"), ("cut", "not a NIR graph"), ("none", "no such NIR file"),
                          ("single", "single Linear")):  # fmt: skip
        with pytest.raises(NirError, match=rf"{name}\.nir: .*{message}"):
            read_graph(tmp_path / f"{name}.nir")
