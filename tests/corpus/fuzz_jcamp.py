"""Feed the JCAMP-DX reader with anything: ``python -m tests.corpus.fuzz_jcamp SECONDS [FOLDER]``.

Coverage-guided where atheris is installed, else damaged copies of the look-alikes in `files_jcamp`. What it finds is
kept in FOLDER, and belongs into test_jcamp_format.py as a case of its own.
"""

from __future__ import annotations

import importlib
import io
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from spektron.corpus.sources._jcamp import Block, Curve, JcampError, curve_of, read_stream
from spektron.corpus.sources._jcamp.spectrum import spectrum_of_block
from spektron.corpus.sources.base import REJECT_REASONS
from spektron.spectra import REPAIRS, SpectrumRejected
from tests.corpus.files_jcamp import block, linked, pairs, write_jcamp, write_nist

# The slowest thing a byte may ask for is 64 points by a repetition: about 30 µs with everything that follows.
_SECONDS_PER_BYTE = 1e-4
_SECONDS_AT_LEAST = 0.5


def outcomes_of(raw: bytes) -> Iterator[tuple[Block, Curve | JcampError] | JcampError]:
    """What comes out of any bytes, errors as values."""
    try:
        for found in read_stream(io.BytesIO(raw)):
            try:
                if found.error is not None:
                    raise found.error
                if found.table is not None:
                    yield found, curve_of(found)
            except JcampError as error:
                yield found, error
    except JcampError as error:
        yield error


def check(raw: bytes) -> None:
    """Assert what holds for any bytes."""
    begin, num_points = time.process_time(), 0
    for outcome in outcomes_of(raw):
        if isinstance(outcome, JcampError):
            assert outcome.line >= 1
            continue
        found, curve = outcome
        if isinstance(curve, JcampError):
            assert curve.line >= found.line >= 1
        else:
            assert curve.x.shape == curve.y.shape
            num_points += len(curve.y)
            assert set(curve.repairs) <= set(REPAIRS)
        _check_spectrum(found)
    assert num_points <= (4096 + 64) * (len(raw) + 1)
    assert time.process_time() - begin < _SECONDS_AT_LEAST + _SECONDS_PER_BYTE * len(raw)


def _check_spectrum(found: Block) -> None:
    try:
        spectrum = spectrum_of_block(
            found, spectrum_id="a/b", source="a", compound_id="a/c", wavenumber_resolution=bool(found.number % 2)
        )
    except SpectrumRejected as error:
        if error.reason not in REJECT_REASONS:
            raise AssertionError(error.reason) from error
        return
    assert all(value and value.isprintable() for value in spectrum.metadata.values())
    assert set(spectrum.repairs) <= set(REPAIRS)


def seeds() -> list[bytes]:
    """Small files of every form."""
    forms = [block(i, form=form, num=70) for i, form in enumerate(("AFFN", "PAC", "SQZDUP", "DIF", "DIFDUP"))]
    texts = [*forms, pairs("XYPOINTS", num=70), linked(*forms[3:]), linked(linked(forms[4]), forms[0])]
    with tempfile.TemporaryDirectory() as folder:
        files = [*write_jcamp(Path(folder) / "j").rglob("*.*"), *write_nist(Path(folder) / "n").glob("*.*")]
        return [text.encode() for text in texts] + [path.read_bytes() for path in files if path.is_file()]


_WORDS = [
    *(b"##TITLE=x\n", b"##END=\n", b"##BLOCKS=2\n", b"##DATATYPE=LINK\n", b"##NPOINTS=9\n", b"##XFACTOR=1E300\n"),
    *(b"##FIRSTX=", b"##LASTX=", b"##DELTAX=", b"##YFACTOR=0\n", b"##XYPOINTS=(XY..XY)\n", b"##XYDATA=(X++(Y..Y))\n"),
    *(b"##PEAK TABLE=(XY..XY)\n", b"##XUNITS=MICROMETERS\n", b"##YUNITS=%T\n", b"##CAS REGISTRY NO=64-17-5\n"),
    *(
        b"$$",
        b"=",
        b"\r",
        b"\n",
        b"\0",
        b"#",
        b"?",
        b"@",
        b"%",
        b"s9999",
        b"E+999",
        b"1e308",
        b"-",
        b"+",
        b",",
        b"\xff",
    ),
    *(b"nan", b"inf", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"9" * 50, b"1." * 9, "٣".encode(), "½µ".encode()),
]


def damaged(rng: random.Random, pool: list[bytes]) -> bytes:
    """A copy of a file, damaged in one to eight places."""
    raw = bytearray(rng.choice(pool))
    for _ in range(rng.randint(1, 8)):
        at, length = rng.randrange(len(raw) + 1), rng.choice((1, 1, 2, 5, 30, 300))
        match rng.randrange(6):
            case 0:
                raw[at : at + length] = b""
            case 1:
                raw[at:at] = rng.choice(_WORDS)
            case 2:
                raw[at : at + length] = rng.randbytes(length)
            case 3:
                raw[at:at] = raw[at : at + length] * rng.randint(1, 9)
            case 4:
                other = rng.choice(pool)
                start = rng.randrange(len(other) + 1)
                raw[at:at] = other[start : start + 10 * length]
            case _:
                if at < len(raw):
                    raw[at] ^= 1 << rng.randrange(8)
    return bytes(raw[:100_000])


def mutate_for(seconds: float, findings: Path, seed: int = 0) -> int:
    """Check damaged copies for so long; returns how many."""
    rng, pool, begin, times = random.Random(seed), seeds(), time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        raw = damaged(rng, pool)
        times += 1
        try:
            check(raw)
        except Exception as error:
            (findings / f"finding-{seed}-{times}").write_bytes(raw)
            print(f"{type(error).__name__}: {error}", flush=True)
    return times


def _guided(seconds: int, findings: Path) -> None:
    import atheris

    reader = "spektron.corpus.sources._jcamp"
    for name in [name for name in sys.modules if name.startswith(reader)]:
        del sys.modules[name]
    with atheris.instrument_imports(include=[reader]):
        target = importlib.import_module("tests.corpus.fuzz_jcamp").check
    corpus = findings / "corpus"
    corpus.mkdir(exist_ok=True)
    for place, raw in enumerate(seeds()):
        (corpus / f"seed-{place}").write_bytes(raw[:6000])
    options = ["-max_len=6000", f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    where = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="jcamp-findings-"))
    where.mkdir(parents=True, exist_ok=True)
    if "--guided" in sys.argv:
        _guided(int(sys.argv[1]), where)
    print(f"{mutate_for(float(sys.argv[1]), where, int(time.time()))} damaged files checked; findings in {where}")
