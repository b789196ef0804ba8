"""What a property is, and the Verilog around the modules that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rtl.netlist import MODULE, Module, width_of

TOP = "rsnn_property"


@dataclass(frozen=True)
class Assumption:
    """What a property takes for granted of what surrounds its modules.

    Parameters
    ----------
    name, says : str
    holds : str
        A Verilog expression over nets of the property.
    environment : str
        Who has to see to it, where that is not a block of the accelerator; empty where another property shows it.
    """

    name: str
    says: str
    holds: str
    environment: str = ""

    @property
    def assumed(self) -> str:
        """The line of a body that assumes it."""
        return f"    always @* assume ({self.holds});   // {self.name}\n"

    @property
    def asserted(self) -> str:
        """The line of a body that shows it."""
        return f"    always @* if (begun) assert ({self.holds});   // {self.name}\n"


FIRST_RESET = Assumption(
    name="first_reset",
    says="the first cycle resets",
    holds="reset || begun",
    environment="whoever switches it on",
)
# For a body: the first cycle resets, any later one may; `begun` says that the first is over.
RESET = f"""
    reg begun = 0;
    always @(posedge clk) begun <= 1;
{FIRST_RESET.assumed}"""


@dataclass(frozen=True)
class Mutant:
    """A fault that a property must notice.

    Parameters
    ----------
    module : str
        Name without prefix.
    before, after : str
        Text of the module, there once, and what replaces it.
    """

    module: str
    before: str
    after: str


@dataclass(frozen=True)
class Property:
    """A statement about some modules of a design.

    Parameters
    ----------
    name, says : str
    modules : mapping of str to Module
        What is instantiated, by names without prefix.
    text : str
        The module `TOP`: instances, assumptions on their surroundings, assertions, a cover.
    depth : int
        Steps of induction; for a bounded property, cycles from its first state.
    mutants : tuple of Mutant
        Of the small design: the text may hold its sizes.
    assumes : tuple of Assumption
        All that the text assumes.
    discharges : tuple of Assumption
        Of other properties' assumptions, those that the text asserts.
    bounded : bool
        Checked for `depth` cycles from every state that the assumptions of the first cycle allow, without induction.
    """

    name: str
    says: str
    modules: Mapping[str, Module]
    text: str
    depth: int
    mutants: tuple[Mutant, ...]
    assumes: tuple[Assumption, ...] = (FIRST_RESET,)
    discharges: tuple[Assumption, ...] = ()
    bounded: bool = False


def chosen(modules: Mapping[str, Module], names: Sequence[str]) -> dict[str, Module]:
    """Return some modules of a design by their names without prefix."""
    return {name: modules[MODULE + name] for name in names}


def property_module(
    modules: Mapping[str, Module],
    names: Sequence[str],
    body: str,
    *,
    tied: Mapping[str, str] | None = None,
    renamed: Mapping[tuple[str, str], str] | None = None,
) -> str:
    """Return the module `TOP`: the named modules joined by the names of their ports.

    Parameters
    ----------
    modules : mapping of str to Module
    names : sequence of str
        Without prefix. An output of one of them drives the inputs of that name; an input that none drives is an input
        of `TOP`, free in every cycle.
    body : str
        Assumptions, assertions and covers.
    tied : mapping of str to str
        Expressions for inputs that are neither driven nor free.
    renamed : mapping of (module, port) to str
        Nets for ports that have another name there.
    """
    tied, renamed = tied or {}, renamed or {}
    nets: dict[str, int] = {}
    driven: set[str] = set()
    lines = []
    for name in names:
        pins = []
        for port in modules[MODULE + name].ports:
            net = renamed.get((name, port.name), port.name)
            pins.append(f".{port.name}({net})")
            nets[net] = port.width
            if port.output:
                driven.add(net)
        lines.append(f"    {MODULE}{name} the_{name} (\n        " + ",\n        ".join(pins) + "\n    );")
    free = [net for net in nets if net not in driven and net not in tied]
    ports = ",\n".join(f"    input wire {width_of(nets[net])}{net}" for net in free)
    wires = [f"    wire {width_of(nets[net])}{net};" for net in nets if net in driven]
    wires += [f"    wire {width_of(nets[net])}{net} = {value};" for net, value in tied.items()]
    return "\n".join([f"module {TOP} (\n{ports}\n);", *wires, *lines, body.rstrip(), "endmodule", ""])


def port_widths(module: Module) -> dict[str, int]:
    """Return the width of each port of a module."""
    return {port.name: port.width for port in module.ports}


def table(name: str, argument: str, width: int, values: Sequence[int]) -> str:
    """Return a Verilog function that looks a number up."""
    bits = max(1, max(values).bit_length())
    cases = "\n".join(f"            {at}: {name} = {bits}'d{value};" for at, value in enumerate(values[:-1]))
    return (
        f"    function {width_of(bits)}{name}(input {width_of(width)}{argument});\n        case ({argument})\n{cases}\n"
        f"            default: {name} = {bits}'d{values[-1]};\n        endcase\n    endfunction\n"
    )
