from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.corpus.sources import _molecule
from spektron.corpus.sources._molecule import compound_of_smiles, inchikey_of, names_available

pytest.importorskip("rdkit", reason="the extra `smiles` is not installed")


# Keys as in PubChem: ethanol 702, phenol 996, sodium chloride 5234, L- and D-alanine 5950 and 71080.
@pytest.mark.parametrize(
    ("smiles", "key"),
    [
        (("CCO", "OCC", "C(C)O", "[CH3][CH2][OH]", " CCO ", "CCO ethanol"), "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
        (("c1ccccc1O", "OC1=CC=CC=C1", "Oc1ccccc1"), "ISWSIDIOOBJBQZ-UHFFFAOYSA-N"),
        (("[Na+].[Cl-]", "[Cl-].[Na+]"), "FAPWRFPIFSIZLT-UHFFFAOYSA-M"),
        (("C[C@H](N)C(=O)O", "N[C@@H](C)C(=O)O"), "QNAYBMKLOCPYGJ-REOHCLBHSA-N"),
        (("C[C@@H](N)C(=O)O",), "QNAYBMKLOCPYGJ-UWTATZPHSA-N"),
    ],
)
def test_all_spellings_of_a_structure_have_its_published_key(smiles: tuple[str, ...], key: str) -> None:
    assert {inchikey_of(text) for text in smiles} == {key}


def test_what_is_one_compound_and_what_is_not() -> None:
    pyridone, hydroxypyridine = inchikey_of("O=c1cccc[nH]1"), inchikey_of("Oc1ccccn1")
    assert pyridone == hydroxypyridine
    acid, salt, deuterated = inchikey_of("CC(=O)O"), inchikey_of("CC(=O)[O-].[Na+]"), inchikey_of("[2H]CC(=O)O")
    assert len({acid, salt, deuterated}) == 3


@pytest.mark.parametrize(
    "smiles", ["", " ", "C1CC", "xyz", "C(C)(C)(C)(C)C", "*", "C" * 1001, "C\x00C", "é", "(" * 900, "C%(999999999)C"]
)
def test_what_is_no_structure_has_no_key_and_says_nothing(smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    inchikey_of.cache_clear()
    assert inchikey_of(smiles) is None
    assert capfd.readouterr() == ("", "")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="CNOcn123()[]=#@+-.%/\\HFl", max_size=60))
def test_any_text_is_a_compound(text: str) -> None:
    compound, repairs = compound_of_smiles(text, "inchikey", "source/name")
    assert compound.split("/")[0] in {"inchikey", "smiles", "source"}
    assert (compound.startswith("inchikey/") and not repairs) or repairs == ("smiles-unreadable",)


def test_a_compound_is_named_as_other_sources_name_it() -> None:
    from spektron.corpus.sources._compound import compound_of

    named = compound_of("set", "sample", {"inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"}).id
    assert compound_of_smiles("OCC", "inchikey", "") == (named, ())


def test_without_rdkit_the_text_stands_for_the_compound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_available() == "inchikey"
    monkeypatch.setattr(_molecule, "find_spec", lambda name: None)
    assert names_available() == "smiles"
    assert compound_of_smiles(" OC\nC ", "smiles", "") == ("smiles/OC C", ())
    assert compound_of_smiles("", "smiles", "chembl/a/1") == ("chembl/a/1", ("smiles-unreadable",))


def test_a_worker_without_rdkit_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    inchikey_of.cache_clear()
    with pytest.raises(ConfigError, match="RDKit") as raised:
        inchikey_of("CCO")
    assert "spektron[smiles]" in raised.value.hint


def test_rdkit_is_loaded_by_the_first_name_only() -> None:
    check = "import spektron.corpus.sources.chembl, sys; print('rdkit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
