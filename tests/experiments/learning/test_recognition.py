"""From TIMIT as the LDC lays it out to the table of phone error rates, small, in one command; and the table itself."""

import csv
import json
from pathlib import Path

import pytest

from experiments.command import cli
from experiments.learning.recognition import as_markdown, summarise
from golden.checkpoint import load_checkpoint
from tests.features.corpora.ldc_layout import lay_out_as_ldc
from training.stages.pipeline import Pipeline
from training.stages.stage import RECIPES, load_recipe

pytest.importorskip("snntorch")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def timit(timit_sample, tmp_path_factory):
    data = tmp_path_factory.mktemp("corpora")
    lay_out_as_ldc(timit_sample, data / "TIMIT", upper=True)
    return data


def command(timit, work, out, *more):
    words = ["recognition", "--corpus", "timit", "--data", timit, "--work", work, "--out", out, "--recipe", "small"]
    return [str(word) for word in (*words, *more)]


def rows(out):
    with (out / "rows.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_stage_runs_and_a_second_run_goes_on_where_the_first_was(timit, tmp_path, capsys, monkeypatch):
    work, out = tmp_path / "work", tmp_path / "results"
    # Killed after its first stage: the rows of what has finished are there.
    assert cli.main(command(timit, work, out, "--stages", "float-256-states", "--seeds", "2")) == 0
    assert [row["stage"] for row in rows(out)] == ["float-256-states"]
    assert "float-256-states, seed 2: epoch 6/6" in capsys.readouterr().err
    assert cli.main(command(timit, work, out, "--seeds", "2", "3")) == 0
    printed = capsys.readouterr()
    assert "float-256-states, seed 2: epoch" not in printed.err
    assert "float-256-states, seed 3: epoch" in printed.err
    recipe = load_recipe(RECIPES / "small.toml")
    table = rows(out)
    assert {(row["stage"], row["seed"]) for row in table} == {(name, seed) for name in recipe.stages for seed in "23"}
    for row in table:
        errors = sum(int(row[f"test_{kind}"]) for kind in ("substitutions", "deletions", "insertions"))
        assert float(row["test_per"]) == pytest.approx(errors / int(row["test_reference"]))
        assert 0.3 < float(row["test_per"]) < 1.2
        assert float(row["test_per_forgiven"]) <= float(row["test_per_counted"])
    by_stage = {row["stage"]: row for row in table}
    assert int(by_stage["integer-t2"]["weights"]) == int(by_stage["structured"]["weights"]) - round(0.4 * 32 * 200)
    assert by_stage["integer-t2"]["weight_bits"] == "4"
    assert json.loads(by_stage["integer-t1"]["spike_rates"])[1][0] > 0
    for name in ("table.csv", "table.md", "epochs.csv", "rates.png", "epochs.png", "configuration.json"):
        assert (out / name).stat().st_size > 100
    assert printed.out == (out / "table.md").read_text()

    # Another process that writes into the same folder meanwhile keeps its rows.
    own_row = Pipeline.row

    def row_while_another_runs(stages, name):
        monkeypatch.setattr(Pipeline, "row", own_row)
        assert cli.main(command(timit, work, shared, "--seeds", "3", "--stages", "float-256-states")) == 0
        return own_row(stages, name)

    shared = tmp_path / "shared"
    monkeypatch.setattr(Pipeline, "row", row_while_another_runs)
    words = command(timit, work, shared, "--seeds", "2", "--stages", "float-256-states")
    assert cli.main(words) == 0
    assert [row["seed"] for row in rows(shared)] == ["2", "3"]
    capsys.readouterr()

    # Rows of another recipe do not stay among them.
    other = tmp_path / "other.toml"
    other.write_text((RECIPES / "small.toml").read_text().replace("epochs = 6", "epochs = 5"))
    words = command(timit, work, out, "--seeds", "2", "--stages", "float-256-states")
    words[words.index("small")] = str(other)
    assert cli.main(words) == 0
    assert "float-256-states, seed 3, fold 0: of another recipe or corpus, left out" in capsys.readouterr().err
    assert {(row["stage"], row["seed"]) for row in rows(out) if row["stage"].startswith("float-256")} == {
        ("float-256-states", "2")
    }

    # And a checkpoint of it runs: the same work folder, so that nothing is trained again.
    made = tmp_path / "mine.npz"
    words = command(timit, work, made, "--seed", "2")
    assert cli.main(["train", *words[1:]]) == 0
    assert "epoch" not in capsys.readouterr().err
    checkpoint = load_checkpoint(made)
    assert checkpoint.specification.layers == (32, 32)
    assert checkpoint.provenance["data"] == "timit"
    assert checkpoint.provenance["utterances"] == {"train": 48, "dev": 24, "test": 24}
    figures = checkpoint.provenance["figures"]
    assert figures["test_per"] == pytest.approx(float(by_stage_of(table, "integer-t2", "2")["test_per"]), abs=1e-4)


@pytest.mark.slow
def test_the_embedded_network_is_scored_on_another_corpus_as_it_is(timit_sample, tmp_path):
    words = [
        "recognition", "--corpus", "timit_sample", "--recipe", "timit_transfer", "--phones", "cmu",
        "--start", ROOT / "golden/checkpoints/default.npz", "--trees", ROOT / "results/recognition/senones.npz",
        "--data", timit_sample.parent, "--work", tmp_path / "work", "--out", tmp_path / "out", "--stages", "as-it-is",
    ]  # fmt: skip
    assert cli.main([str(word) for word in words]) == 0
    table = rows(tmp_path / "out")
    assert [row["fold"] for row in table] == list("012345")
    assert {row["epochs"] for row in table} == {"0"}
    (entry,) = summarise([row | {"seed": int(row["seed"])} for row in table])
    # Every speaker is tested once, and native speech with times marked by hand is easier than what it was trained on.
    assert sum(int(row["test_reference"]) for row in table) > 2500
    assert 0.3 < entry["test_per"] < 0.7
    assert not (tmp_path / "out" / "epochs.csv").exists()


def by_stage_of(table, stage, seed):
    return next(row for row in table if row["stage"] == stage and row["seed"] == seed)


def run_of(stage="float-256", seed=1, fold=0, **more):
    errors = {"test_substitutions": 20, "test_deletions": 10, "test_insertions": 5, "test_reference": 100}
    row = {
        "stage": stage, "seed": seed, "fold": fold, "what": "some", "network": "spiking", "test_per": 0.35,
        "dev_per": 0.3, "dev_substitutions": 3, "dev_deletions": 0, "dev_insertions": 0, "dev_reference": 10,
        "megabytes": 2.793472, "dense_mmac_per_second": 145.8, "mmac_per_second": 40.0, "cycles_mean": "",
        "cycles_99th": "", "cycles_most": "",
    }  # fmt: skip
    return row | errors | more


def test_folds_are_pooled_and_seeds_averaged():
    table = summarise([
        run_of(seed=1, fold=0, test_reference=100),
        run_of(seed=1, fold=1, test_reference=300, test_substitutions=0),
        run_of(seed=2, fold=0, test_reference=100),
        run_of(seed=2, fold=1, test_reference=300, test_substitutions=40),
    ])  # fmt: skip
    (entry,) = table
    assert entry["seeds"] == 2
    assert entry["test_per_low"] == pytest.approx(50 / 400)
    assert entry["test_per_high"] == pytest.approx(90 / 400)
    assert entry["test_per"] == pytest.approx(70 / 400)


def test_over_folds_and_seeds_the_worst_frame_and_every_overrun_count():
    (entry,) = summarise([
        run_of(seed=1, fold=0, cycles_mean=500.0, cycles_99th=600.0, cycles_most=800, overruns=0),
        run_of(seed=1, fold=1, cycles_mean=700.0, cycles_99th=650.0, cycles_most=1200, overruns=50),
        run_of(seed=2, fold=0, cycles_mean=600.0, cycles_99th=600.0, cycles_most=900, overruns=7),
    ])  # fmt: skip
    assert (entry["cycles_mean"], entry["cycles_most"], entry["overruns"]) == (600.0, 1200.0, 57.0)


def test_the_table_has_ours_beside_the_papers():
    text = as_markdown(summarise([run_of(), run_of(seed=2, test_per=0.37), run_of("lstm", network="lstm")]))
    chain, lstm = text.splitlines()[2:]
    assert "2.793 (2.79 MB stated)" in chain
    assert "145.80, 40.00 (145.82 MMAC/s reconstructed)" in chain
    assert "**36.0** (35.0-37.0)" in chain
    assert "stated" not in lstm


def test_bad_input_is_refused_in_a_sentence(tmp_path, capsys):
    base = ["--data", str(tmp_path), "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    for more, message in (
        (["--recipe", "none"], "recipe 'none': expected the path of a .toml file or one of curves, default"),
        (["--stages", "nothing"], "stage 'nothing': expected one of"),
        ([], "corpus speechocean762 not found"),
        (["--trees", str(tmp_path / "no.npz")], "no.npz: no such file of tied states"),
    ):
        assert cli.main(["recognition", *base, *more]) == 2
        assert message in capsys.readouterr().err


def test_the_readme_shows_the_table():
    """It is what `rsnn recognition` wrote."""
    readme = (ROOT / "docs/figures.md").read_text()
    shown = readme.split("<!-- recognition -->\n")[1].split("<!-- /recognition -->")[0]
    assert shown == (ROOT / "results/recognition/table.md").read_text()
    with (ROOT / "results/recognition/rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert as_markdown(summarise([row | {"seed": int(row["seed"])} for row in rows])) == shown
