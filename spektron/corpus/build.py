"""From sources to a corpus: read in parts, judged by an index, written in shards; any number of workers, one result.

Each part of a source becomes sorted runs, each shard is gathered from them, and both are committed one by one: a build
that was killed goes on where it was. What decides (duplicates, splits, order) sees only a small index and runs in one
place, so the corpus does not depend on who read what, or when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from spektron.core.errors import CorpusError
from spektron.core.files import disk_errors, require_free_bytes
from spektron.core.storage import Storage
from spektron.corpus.building.account import Account, write_report
from spektron.corpus.building.examples import choose_examples
from spektron.corpus.building.index import load_index
from spektron.corpus.building.judge import Judgement, judge
from spektron.corpus.building.nothing import nothing_kept
from spektron.corpus.building.placing import Placement, place
from spektron.corpus.building.plan import BuildPlan, plan_build, versions
from spektron.corpus.building.rebuild import kept_build, refuse_other_build
from spektron.corpus.building.runs import PartAccount, read_account
from spektron.corpus.building.shards import is_written
from spektron.corpus.building.target import WORK_NAME, building_folder, discard, publish
from spektron.corpus.building.tasks import check_pairs, read_parts, write_shards
from spektron.corpus.building.workers import ThisProcess, Workers
from spektron.corpus.describing.card import render_card
from spektron.corpus.describing.card_figure import draw_examples
from spektron.corpus.manifest import (
    CARD_FIGURE_NAME,
    CARD_NAME,
    MANIFEST_NAME,
    BuildConfig,
    Manifest,
    Shard,
    load_manifest,
)
from spektron.corpus.neighbours.near import REACH
from spektron.corpus.schema import ROW_BYTES, SCHEMA_VERSION
from spektron.corpus.sources.base import Source

__all__ = ["Progress", "build_corpus"]

Progress = Callable[[str, int, int | None], None]
"""Called with (phase, done, in all or None): ``hashing`` (sources), ``reading`` (parts), ``judging``
(spectra), ``writing`` (shards), ``describing``; a phase's first call says what an interrupted build has left done."""


def build_corpus(
    sources: Sequence[Source],
    out: Storage | Path | str,
    config: BuildConfig,
    *,
    overwrite: bool = False,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Build the corpus `out` from `sources`.

    The same sources and config give the same fingerprint and, with the same pyarrow, the same bytes in every shard,
    however many workers there are and however often the build was interrupted. `out` appears complete or not at all;
    what an interrupted build has read and written waits in ``.<name>.building`` beside it (in an object store, in
    ``_building`` below it) for the same build to go on, and is thrown away by another.

    Parameters
    ----------
    sources : sequence of Source
        Of spectra that occur twice, the one of the earlier source is kept.
    out : Storage, Path or str
        Folder to make, or the address of one. If it already is the corpus of this very build, it is left as it is.
    config : BuildConfig
        Name, seed, fractions, shard sizes.
    overwrite : bool
        Replace whatever corpus stands at `out`, once the new one is complete.
    workers : Workers, optional
        Who reads and writes; by default this process.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    Manifest

    Raises
    ------
    CorpusError
        When `out` holds something else, another build of it is running, or no spectrum was kept.
    ResourceError
        When the disk is, or would become, full.
    """
    out = Storage.at(out)
    tell = progress or (lambda phase, done, total: None)
    described = []
    for number, source in enumerate(sources):
        tell("hashing", number, len(sources))
        described.append(source.describe())
    tell("hashing", len(sources), len(sources))
    refuse_other_build(out, config, described, overwrite=overwrite)
    plan = plan_build(sources, described, config)
    if not overwrite and (finished := _finished(out, plan)):
        return finished
    # Of what is read from files, the number of spectra is known once they were read.
    known = [source["config"].get("num_spectra") for source in described]
    _require_disk(out, sum(2 * num for num in known if isinstance(num, int)))  # runs and shards lie side by side
    with building_folder(out) as folder, _disk_errors(out):
        build = _Build(plan, folder, workers or ThisProcess(), tell)
        manifest = build.run()
        try:
            kept = None if overwrite else kept_build(out, manifest)
        except CorpusError:
            discard(folder)
            raise
        if kept:
            discard(folder)
            return kept
        publish(folder, out, manifest)
    return manifest


class _Build:
    """One build at work in its folder."""

    def __init__(self, plan: BuildPlan, folder: Storage, workers: Workers, tell: Progress) -> None:
        self._plan, self._folder, self._workers, self._tell = plan, folder, workers, tell
        self._work = folder / WORK_NAME
        self._goes_on = False

    def run(self) -> Manifest:
        """Everything but the manifest's file."""
        self._goes_on = self._plan.claim(self._work)
        accounts = self._read()
        self._tell("judging", 0, None)
        index = load_index(self._work, accounts)
        if not len(index):
            error = nothing_kept(self._plan, self._work, accounts)
            discard(self._folder)
            raise error
        judgement = judge(
            index,
            partial(check_pairs, self._workers, self._work),
            lambda share: self._tell("judging", int(share * len(index)), len(index)),
        )
        placement = place(index, judgement, self._plan.config)
        self._tell("judging", len(index), len(index))
        _require_disk(self._folder, len(judgement.kept))
        shards = self._write(placement)
        self._tell("describing", 0, None)
        write_report(self._folder, self._work, accounts, index, judgement)
        manifest = self._manifest(placement, shards, Account(accounts, index, judgement))
        self._folder.write_bytes(CARD_FIGURE_NAME, draw_examples(choose_examples(self._work, placement)))
        self._folder.write_bytes(CARD_NAME, render_card(manifest).encode())
        return manifest

    def _read(self) -> list[PartAccount]:
        numbers = range(len(self._plan.parts))
        found = {number: read_account(self._work, number) for number in numbers}
        accounts = {number: account for number, account in found.items() if account}
        self._tell("reading", len(accounts), len(numbers))
        left = [number for number in numbers if number not in accounts]
        for account in read_parts(self._workers, self._plan, self._work, left):
            accounts[account.part] = account
            self._tell("reading", len(accounts), len(numbers))
        return [accounts[number] for number in numbers]

    def _write(self, placement: Placement) -> list[Shard]:
        shards = list(placement.shards(self._plan.config))
        known = sum(is_written(self._work, self._folder, shard) for shard in shards) if self._goes_on else 0
        self._tell("writing", known, len(shards))
        written: dict[str, Shard] = {}
        per_group = self._plan.config.rows_per_group
        for shard in write_shards(self._workers, self._work, self._folder, shards, per_group):
            written[shard.file] = shard
            self._tell("writing", max(len(written), known), len(shards))
        return [written[shard.file] for shard in shards]

    def _manifest(self, placement: Placement, shards: list[Shard], account: Account) -> Manifest:
        config = self._plan.config
        return Manifest(
            schema_version=SCHEMA_VERSION,
            name=config.name,
            fingerprint=placement.fingerprint(),
            build_key=self._plan.key,
            config=config,
            sources=self._plan.described,
            counts=placement.counts(),
            kinds=placement.kinds(),
            num_compounds=placement.num_compounds(),
            num_spectra=placement.num_spectra(),
            axis_cm1=placement.axis_cm1(),
            shards=tuple(shards),
            records=account.records,
            duplicates=account.duplicates,
            rejects=account.rejects,
            repairs=account.repairs,
            notes=_notes(config, placement, placement.judgement),
            built_with=versions(),
        )


def _finished(out: Storage, plan: BuildPlan) -> Manifest | None:
    """The manifest at `out` if it is of this very build and its shards are all there.

    Raises
    ------
    CorpusError
        Where `out` is in an object store and holds a corpus that other code has made: it could not be compared with
        the new one, which is built in its place.
    """
    if out.size(MANIFEST_NAME) is None:
        return None
    old = load_manifest(out)
    if old.build_key == plan.key and (kept := kept_build(out, old)):
        return kept
    if not out.is_local:
        raise CorpusError(
            f"{out} already holds the corpus {old.name!r} ({old.fingerprint}), of other code or not whole",
            "give another --out, or replace it with --overwrite",
        )
    return None


def _notes(config: BuildConfig, placement: Placement, judgement: Judgement) -> tuple[str, ...]:
    num_spectra, forced = placement.num_spectra(), placement.forced_to_train
    notes = [
        f"the {split} split is empty: too few compounds for a fraction of {fraction:g}; "
        "raise the fraction or choose another seed"
        for split, fraction in (("validation", config.validation_fraction), ("test", config.test_fraction))
        if fraction > 0 and not num_spectra[split]
    ]
    if forced:
        largest = ", ".join(f"{compound} ({num})" for compound, num in sorted(forced.items(), key=lambda i: -i[1])[:5])
        notes.append(f"{len(forced)} compounds are in train because they are too large to hold out: {largest}")
    if num := judgement.num_unchecked:
        notes.append(
            f"in crowded groups of look-alikes each spectrum was compared with its {REACH} nearest; {num:,} pairs "
            "farther apart were not (copies lie nearest, so few are missed: docs/near_duplicates.md)"
        )
    return tuple(notes)


def _disk_errors(out: Storage):  # type: ignore[no-untyped-def]
    from contextlib import nullcontext

    return disk_errors(out.path) if out.is_local else nullcontext()


def _require_disk(out: Storage, num_rows: int) -> None:
    if out.is_local:
        require_free_bytes(out.path.parent, int(1.05 * num_rows * ROW_BYTES), f"writing {num_rows:,} spectra")
