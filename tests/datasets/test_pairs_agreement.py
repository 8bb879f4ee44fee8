"""What pairs say of each other: names that may be one, the same file twice, a sample or a value far out of line."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets import load_corn, load_pairs, load_tablets
from spektron.datasets._pairs.agreement import tell_agreement
from spektron.datasets._pairs.names import near_misses
from spektron.datasets._pairs.repairs import Repairs
from tests.datasets import own_files as own

NUM = 12


def child_spectra():
    """As the parent's, with a gain, an offset and noise of its own."""
    return own.spectra(NUM, gain=1.05) + 0.02 + np.random.default_rng(7).normal(scale=1e-3, size=(NUM, 100))


@pytest.fixture
def parent(tmp_path):
    return own.wide(tmp_path / "parent.csv", own.spectra(NUM))


@pytest.fixture
def child(tmp_path):
    return own.wide(tmp_path / "child.csv", child_spectra())


def told(pairs, words):
    """The repairs that say so: side, count and detail."""
    return [(one.side, one.count, one.detail) for one in pairs.repairs if words in one.what]


@pytest.mark.parametrize(
    ("ours", "theirs", "near"),
    [
        ("corn-77", "CORN-77", True),
        ("corn 77", " corn  77 ", True),
        ("7", "007", True),
        ("corn-7", "Corn 07", True),
        ("7", "7.0", True),
        ("corn-70", "corn-7", False),
        ("1.05", "1.5", False),
        ("100", "1", False),
    ],
)
def test_names_that_differ_in_writing_alone(ours, theirs, near):
    assert near_misses([ours, "other"], [theirs]) == ([f"{ours} and {theirs}"] if near else [])


def test_near_misses_are_told_where_others_are_paired(tmp_path, parent):
    names = [name.lower() if place < 5 else name for place, name in enumerate(own.ids(NUM))]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", child_spectra(), names=names))
    assert len(pairs.ids) == 7
    assert told(pairs, "may be one sample, not paired") == [
        ("both", 5, "S1 and s1, S2 and s2, S3 and s3, S4 and s4, S5 and s5")
    ]
    names = own.ids(NUM)
    assert told(load_pairs(parent, own.wide(tmp_path / "c.csv", child_spectra())), "may be one") == []


def test_near_misses_of_the_table_of_values_are_told(tmp_path, parent, child):
    table = tmp_path / "r.csv"
    table.write_text("id,oil\n" + "".join(f"{'s 0' if n < 4 else 'S'}{n},{n}\n" for n in range(1, NUM + 1)))
    pairs = load_pairs(parent, child, reference=table)
    assert told(pairs, "may be one sample, without its values") == [
        ("reference", 3, "S1 and s 01, S2 and s 02, S3 and s 03")
    ]
    table.write_text("id,oil\ns1,1\ns2,2\n")
    with pytest.raises(ConfigError, match=r"\n.*S1 and s1, S2 and s2 may be one"):
        load_pairs(parent, child, reference=table)


def test_one_file_as_both_instruments_is_refused(tmp_path, parent):
    with pytest.raises(ConfigError, match=r"expected the files of two instruments, found .*parent\.csv for both"):
        load_pairs(parent, tmp_path / "." / "parent.csv")
    copy = own.wide(tmp_path / "copy.csv", own.spectra(NUM).round(8), names=own.ids(NUM))
    with pytest.raises(SpectrumError, match=r"the very same ones on both \(12 of 12 pairs\)\n.*the child's own file"):
        load_pairs(parent, copy)


def test_a_parents_spectrum_among_the_childs_is_named(tmp_path, parent):
    y = child_spectra()
    y[3] = own.spectra(NUM)[3]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", y))
    assert told(pairs, "the very same spectrum on both instruments") == [("both", 1, "S4")]


@pytest.mark.parametrize("num", [3, 4, NUM])
@pytest.mark.parametrize("how", [lambda y: 1000 * y, lambda y: 10**-y, lambda y: 3 * y])
def test_a_sample_of_another_scale_or_kind_is_named(tmp_path, num, how):
    y = child_spectra()[:num]
    y[1] = how(y[1])
    path = own.wide(tmp_path / "p.csv", own.spectra(NUM)[:num])
    pairs = load_pairs(path, own.wide(tmp_path / "c.csv", y))
    ((side, count, detail),) = told(pairs, "differ between the instruments far more than others")
    assert (side, count) == ("both", 1)
    assert detail.startswith("S2: ")
    assert len(pairs.ids) == num


def test_ids_in_a_wrong_order_are_told(tmp_path, parent, child):
    assert load_pairs(parent, child).repairs == ()
    names = [*own.ids(NUM)[1:], "S1"]
    pairs = load_pairs(parent, own.wide(tmp_path / "c.csv", child_spectra(), names=names))
    ((side, count, detail),) = told(pairs, "no more alike than different samples are")
    assert (side, count) == ("both", NUM)
    assert "of other samples are nearer" in detail


@pytest.mark.parametrize("value", ["-9999", "1e40", "350"])
def test_a_value_far_from_all_others_is_named(tmp_path, parent, child, value):
    table = tmp_path / "r.csv"
    table.write_text("id,oil\n" + "".join(f"S{n},{value if n == 5 else 3 + n / 10}\n" for n in range(1, NUM + 1)))
    pairs = load_pairs(parent, child, reference=table)
    assert told(pairs, "oil lies far from all others") == [("reference", 1, f"S5: {float(value):.6g}")]


@pytest.mark.parametrize("load", [load_corn, load_tablets])
def test_real_pairs_are_in_line(shared_data, monkeypatch, load):
    """Nothing is told of clean pairs in 20 draws of each number; wrong orders of ten are told nearly always."""
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    found, rng = load(), np.random.default_rng(3)
    first, second = (found.spectra[name] for name in found.instruments[:2])
    names = [str(row) for row in range(len(first))]
    wrong = 0
    for num in [3, 5, 7, 10, 30] * 20:
        rows, notes, turned = rng.choice(len(first), num, replace=False), Repairs("both"), Repairs("both")
        tell_agreement([names[row] for row in rows], first[rows], second[rows], notes)
        assert notes == []
        if num == 10:
            tell_agreement([names[row] for row in rows], first[rows], second[np.roll(rows, 1)], turned)
            wrong += any("no more alike" in one.what for one in turned)
    assert wrong >= 16


def test_a_table_of_values_in_parquet_is_refused_in_words(tmp_path, parent, child):
    table = tmp_path / "r.parquet"
    table.write_bytes(b"PAR1\nPAR1\0\0\n")
    with pytest.raises(ConfigError, match=r"expected a text table, line 2: expected text, found a null character\n"):
        load_pairs(parent, child, reference=table)
