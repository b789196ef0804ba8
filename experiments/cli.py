"""The ``rsnn`` command: a thin front on the experiment scripts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.arguments import Parser, add_checkpoint, add_data, add_engine, command, frames, path, seed, whole
from experiments.outcome import outcome
from experiments.power_commands import add_power_commands
from experiments.verilog_commands import add_verilog_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name.

    Returns
    -------
    int
        Exit status, of `experiments.outcome`: 0; 1 if RTL and golden differ, or a check that the command makes fails; 2
        for input that was refused; 3 for a fault of the program; 130 where it was interrupted.
    """
    return outcome(lambda: _run_command(arguments))


def _run_command(arguments: Sequence[str] | None) -> int:
    given = _parser().parse_args(arguments)
    return int(given.function(given) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="rsnn",
        description="Speech to phones on a recurrent spiking accelerator: golden model, RTL, co-simulation, power.",
        epilog="example: rsnn run speech.wav --frames 50 --out results/mine",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = command(
        commands,
        "run",
        _run,
        "one sound file through the whole chain: phones, co-simulation, cycles, power, plots, waveform",
        "rsnn run speech.wav --reference speech.phn --frames 100 --out results/mine",
    )
    run.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (the shipped clip by default)")
    add_checkpoint(run)
    run.add_argument("--reference", type=path, help="phone file to score against (SPEECH with .phn by default)")
    add_engine(run)
    run.add_argument(
        "--frames",
        type=frames,
        default=40,
        metavar="N",
        help="frames that the RTL runs from the first, or 'all' (default: 40; golden always runs the whole file)",
    )
    run.add_argument("--out", type=path, default=Path("results/run"), help="folder to write (default: results/run)")

    cosim = command(
        commands,
        "cosim",
        _cosim,
        "co-simulate sound files, every register at every cycle, and nothing else",
        "rsnn cosim a.wav b.wav --frames all --engine verilator --out results/cosim",
    )
    cosim.add_argument("speech", nargs="*", type=path, help="WAV, FLAC or NIST SPHERE (default: a whole corpus)")
    add_data(cosim)
    cosim.add_argument("--split", choices=["train", "test"], default="test", help="of speechocean762 (default: test)")
    add_engine(cosim)
    add_checkpoint(cosim)
    cosim.add_argument("--frames", type=frames, default=None, metavar="N", help="frames of each file (default: all)")
    cosim.add_argument("--out", type=path, default=Path("results/cosim"), help="folder (default: results/cosim)")

    add_verilog_commands(commands)

    cycles = command(
        commands,
        "cycles",
        _cycles,
        "cycles a frame over a corpus, counted by the golden model",
        "rsnn cycles --data ~/corpora --split test",
    )
    add_checkpoint(cycles)
    add_data(cycles)
    cycles.add_argument("--split", choices=["train", "test"], default="test", help="of speechocean762 (default: test)")
    cycles.add_argument("--out", type=path, default=Path("results/cycles"), help="folder (default: results/cycles)")

    ahead = command(
        commands,
        "look-ahead",
        _look_ahead,
        "phone error rate of streaming decoding against its latency",
        "rsnn look-ahead --data ~/corpora",
    )
    add_checkpoint(ahead)
    add_data(ahead)
    ahead.add_argument(
        "--out", type=path, default=Path("results/recognition"), help="folder (default: results/recognition)"
    )

    power = command(
        commands,
        "power",
        _power,
        "power of a result folder anew, from its activity and a table of constants",
        "rsnn power results/demo --constants my_28nm.csv",
    )
    power.add_argument(
        "folder", type=path, help="folder that 'rsnn run' wrote, or nets' activity (*.saif), ours or any design's"
    )
    power.add_argument("--constants", type=path, help="table whose rows replace those of power/tables/")
    power.add_argument("--class", dest="threshold", choices=("HVT", "SVT", "LVT"), help="class of cells (default: all)")
    power.add_argument(
        "--as-is", action="store_true", help="take files that were changed since, or are of no run; their mix is yours"
    )

    power.add_argument(
        "--temperature", type=float, default=25.0, metavar="C", help="at which the chip leaks (default: 25)"
    )
    power.add_argument("--out", type=path, help="folder for the text and a tornado plot (default: none)")

    add_power_commands(commands)

    faults = command(
        commands,
        "faults",
        _faults,
        "inject faults into the RTL, one at a time, and show that co-simulation catches each",
        "rsnn faults --out results/faults",
    )
    faults.add_argument("--out", type=path, default=Path("results/faults"), help="folder (default: results/faults)")

    benchmark = command(
        commands,
        "benchmark",
        _benchmark,
        "speed of every stage beside a peer in the same run",
        "rsnn benchmark --out results/benchmark",
    )
    add_checkpoint(benchmark)
    benchmark.add_argument(
        "--out", type=path, default=Path("results/benchmark"), help="folder (default: results/benchmark)"
    )

    train = command(
        commands,
        "train",
        _train,
        "from a corpus to a checkpoint that golden and the RTL run",
        "rsnn train --data ~/corpora --work work --out mine.npz && rsnn run speech.wav --checkpoint mine.npz",
    )
    _add_training(train)
    train.add_argument("--seed", type=seed, default=1, help="(default: 1)")
    train.add_argument(
        "--fold", type=int, choices=range(6), default=0, metavar="N", help="of timit_sample's speakers (default: 0)"
    )
    train.add_argument("--out", type=path, required=True, help="checkpoint to write (.npz)")

    recognition = command(
        commands,
        "recognition",
        _recognition,
        "train every stage and baseline of a recipe and write the table of phone error rates",
        "rsnn recognition --corpus timit --data ~/corpora --work work --out results/timit --seeds 1 2 3",
    )
    _add_training(recognition)
    recognition.add_argument("--seeds", type=seed, nargs="+", default=[1], help="(default: 1)")
    recognition.add_argument("--stages", nargs="+", default=[], metavar="NAME", help="of the recipe (default: all)")
    recognition.add_argument("--start", type=path, help='checkpoint that stages with start = "checkpoint" go on from')
    recognition.add_argument(
        "--out", type=path, default=Path("results/recognition"), help="folder (default: results/recognition)"
    )
    return parser


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--corpus",
        choices=["speechocean762", "timit", "timit_sample"],
        default="speechocean762",
        help="(default: speechocean762)",
    )
    add_data(command)
    command.add_argument("--work", type=path, required=True, help="folder for what is computed once; to go on, name it")
    command.add_argument(
        "--recipe", default="default", help="name in training/recipes, or a .toml file (default: default)"
    )
    command.add_argument("--phones", choices=["cmu", "timit"], default="", help="phone set (default: the corpus' own)")
    command.add_argument("--trees", type=path, help="tied states of another run (senones-*.npz)")
    command.add_argument("--skip-damaged", action="store_true", help="leave damaged files out, name and count them")
    command.add_argument("--workers", type=whole, default=2, help="processes and threads (default: 2)")
    command.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where torch trains (default: cpu)")


# Each import stands in its command, so that --help does not wait for numba and matplotlib.


def _run(given: argparse.Namespace) -> None:
    from experiments.run import run
    from features.corpora.location import TEST_CORPORA, find_corpus

    if given.speech is None:
        absent = [name for name in TEST_CORPORA if find_corpus(name) is None]
        if absent:
            print(f"running on the shipped clip; corpora not at hand, nor needed: {', '.join(absent)}", file=sys.stderr)
    text, cycles_per_s = run(
        speech=given.speech,
        checkpoint_path=given.checkpoint,
        reference=given.reference,
        frames=given.frames,
        out=given.out,
        engine=given.engine,
    )
    print(text, end="")
    name = "MyHDL" if given.engine == "myhdl" else given.engine.capitalize()
    print(f"{name} ran {cycles_per_s:,.0f} cycles/s, comparison and toggle count included; written: {given.out}/")


def _cosim(given: argparse.Namespace) -> None:
    from experiments.utterances import corpus_files, cosimulate_files

    text = cosimulate_files(
        given.speech or corpus_files(given.data, given.split),
        checkpoint_path=given.checkpoint,
        frames=given.frames,
        out=given.out,
        engine=given.engine,
    )
    print(text, end="")


def _cycles(given: argparse.Namespace) -> None:
    from experiments.cycles import count_corpus

    print(count_corpus(data=given.data, split=given.split, checkpoint_path=given.checkpoint, out=given.out), end="")


def _look_ahead(given: argparse.Namespace) -> None:
    from experiments.look_ahead import look_ahead_curve

    print(look_ahead_curve(data=given.data, checkpoint_path=given.checkpoint, out=given.out), end="")


def _power(given: argparse.Namespace) -> None:
    from experiments.power_nets import power_of_saif
    from experiments.power_table import power_of_folder

    if given.folder.suffix == ".saif":
        print(power_of_saif(given.folder, constants=given.constants), end="")
        return
    said = power_of_folder(
        given.folder,
        constants=given.constants,
        as_is=given.as_is,
        threshold=given.threshold,
        temperature_c=given.temperature,
        out=given.out,
    )
    print(said, end="")


def _faults(given: argparse.Namespace) -> int:
    from experiments.faults import inject_all

    text, missed = inject_all(given.out)
    print(text, end="")
    return int(missed > 0)


def _benchmark(given: argparse.Namespace) -> None:
    from experiments.benchmark import benchmark

    print(benchmark(checkpoint_path=given.checkpoint, out=given.out), end="")


def _settings(given: argparse.Namespace):  # type: ignore[no-untyped-def]
    try:
        from training.corpora import Source
        from training.recipe import Settings
    except ModuleNotFoundError as missing:
        from training.errors import MissingExtraError

        raise MissingExtraError(
            f"training needs {missing.name}: pip install -e '.[train]' (make test installs it too)"
        ) from missing
    source = Source(
        corpus=given.corpus,
        data=given.data,
        work=given.work,
        fold=getattr(given, "fold", 0),
        phone_set=given.phones,
        skip_damaged=given.skip_damaged,
        workers=given.workers,
    )
    return Settings(source=source, recipe=given.recipe, workers=given.workers, device=given.device, trees=given.trees)


def _train(given: argparse.Namespace) -> None:
    settings = _settings(given)
    from training.recipe import train_checkpoint

    print(train_checkpoint(settings, seed=given.seed, out=given.out), end="")


def _recognition(given: argparse.Namespace) -> None:
    settings = _settings(given)
    from experiments.recognition import recognise

    print(recognise(settings, seeds=given.seeds, out=given.out, stages=given.stages, start=given.start), end="")


if __name__ == "__main__":
    sys.exit(main())
