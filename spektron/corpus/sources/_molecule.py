"""Names of compounds from their structures: one InChIKey however a SMILES is spelled."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import Literal

from spektron.core.errors import ConfigError

__all__ = ["CompoundNames", "compound_of_smiles", "inchikey_of", "names_available"]

CompoundNames = Literal["inchikey", "smiles"]

# The longest SMILES of Raman-ChEMBL (99 atoms) and of the patents' molecules are below 400 characters; the time that
# InChI takes grows with the square of the size: 0.8 ms for a drug, 0.2 s for 1,600 characters.
_LONGEST_SMILES = 1000


def names_available() -> CompoundNames:
    """``inchikey`` where RDKit is installed, ``smiles`` otherwise."""
    return "inchikey" if find_spec("rdkit") else "smiles"


@lru_cache(maxsize=4096)
def inchikey_of(smiles: str) -> str | None:
    """Name a structure by its standard InChIKey (27 characters, upper case).

    What is one compound is what standard InChI says: all spellings of a SMILES, and mobile-hydrogen tautomers, are one;
    stereoisomers, isotopologues, charge states, and a salt and its free acid are different ones, and a record of
    several components is one compound of its own. The first 14 characters are the same for all stereoisomers.

    Parameters
    ----------
    smiles : str
        Of up to 1,000 characters; a name after a space is ignored.

    Returns
    -------
    str or None
        None where RDKit cannot read the structure, where it is chemically impossible, or holds what InChI does not
        know (a wildcard atom).

    Raises
    ------
    ConfigError
        Where RDKit is not installed.
    """
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem import rdinchi
    except ImportError as error:
        raise ConfigError(
            "expected RDKit, which names compounds by their structures, found none",
            "pip install 'spektron[smiles]' on every machine that reads the source, or set names=smiles",
        ) from error
    if not smiles.strip() or len(smiles) > _LONGEST_SMILES or not smiles.isprintable():
        return None
    with rdBase.BlockLogs():
        try:
            molecule = Chem.MolFromSmiles(smiles)
            # Not `Chem.MolToInchi`, which prints what InChI remarks on every second molecule.
            inchi = rdinchi.MolToInchi(molecule)[0] if molecule is not None else ""
        except (RuntimeError, ValueError):  # an invariant of RDKit's own, broken by a structure nobody meant
            return None
        return str(rdinchi.InchiToInchiKey(inchi)) if inchi else None


def compound_of_smiles(smiles: str, names: CompoundNames, otherwise: str) -> tuple[str, tuple[str, ...]]:
    """Name a record's compound as all sources do, so that one compound of two publishers is one.

    Parameters
    ----------
    smiles : str
        Empty where the publisher gives none.
    names : CompoundNames
        ``smiles`` takes the text as it stands: one compound in two spellings is then two.
    otherwise : str
        Name for a record without a SMILES.

    Returns
    -------
    tuple
        The compound's id (``inchikey/…``, in lower case as in `spektron.corpus.sources._compound`, or ``smiles/…``),
        and the repairs made: ``smiles-unreadable`` or none.
    """
    text = " ".join(smiles.split())[:_LONGEST_SMILES]
    if not text:
        return otherwise, ("smiles-unreadable",)
    if names == "smiles":
        return f"smiles/{text}", ()
    key = inchikey_of(smiles.strip())
    return (f"inchikey/{key.casefold()}", ()) if key else (f"smiles/{text}", ("smiles-unreadable",))
