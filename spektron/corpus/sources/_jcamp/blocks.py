"""From lines to blocks: one after the other, or nested below LINK blocks to any depth that is sane."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from spektron.corpus.sources._jcamp.block import Block, Headers, JcampError, label_of
from spektron.corpus.sources._jcamp.lines import Line, read_lines
from spektron.corpus.sources._jcamp.tables import Pairs, Steps, TableReader

__all__ = ["read_blocks", "read_stream"]

# Labels that open a table. Only the first two hold curves, and only in two of their forms.
_CURVES = ("XYDATA", "XYPOINTS")
_TABLES = (*_CURVES, "PEAKTABLE", "PEAKASSIGNMENTS", "ASSIGNMENTS", "RADATA", "NTUPLES", "PAGE", "DATATABLE")
_STEPS_FORM = re.compile(r"\(X\+\+\(Y\.\.Y\)\)", flags=re.IGNORECASE)
_PAIRS_FORM = re.compile(r"\(XY\.\.XY\)", flags=re.IGNORECASE)

# LINK blocks nest two deep in the standard's own examples.
_DEEPEST = 16


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file that hold data, in their order.

    Raises
    ------
    JcampError
        After the blocks, where the file is known to have lost some, holds no labelled record at all, or nests too deep.
    OSError
        Where it cannot be read.
    """
    with path.open("rb") as stream:
        yield from read_stream(stream)


def read_stream(stream: IO[bytes]) -> Iterator[Block]:
    """As `read_blocks`, from an open file."""
    reader = _Reader()
    for line in read_lines(stream):
        yield from reader.feed(line)
    yield from reader.finish()


@dataclass(slots=True)
class _Link:
    """A block that holds blocks."""

    headers: Headers
    num_inner: int = 0


@dataclass(slots=True)
class _Reader:
    links: list[_Link] = field(default_factory=list)
    block: Block | None = None
    label: str = ""
    """Of the record that is being read."""
    table: TableReader | None = None
    form_due: bool = False
    """Whether a table's label stood alone, so that its form is on the next line."""
    num_blocks: int = 0
    last: Line = field(default_factory=lambda: Line(0, ""))
    any_record: bool = False

    def feed(self, line: Line) -> Iterator[Block]:
        """Take one line; yields the block that it closes."""
        self.last = line
        text = line.text.strip()
        if text.startswith("##") or (text == "#" and not line.closed):
            label, _, value = text[2:].partition("=")
            yield from self._record(label_of(label), value.strip(), line)
        elif self.block is not None and text:
            self._continue(self.block, line, text)

    def finish(self) -> Iterator[Block]:
        """Close what is open at the end of the file."""
        if not self.any_record:
            raise JcampError(max(self.last.number, 1), "expected labelled records (##LABEL=), found none")
        if self.block is not None:
            if self.table is not None and not self.last.closed and not self.last.text.lstrip().startswith("##"):
                self._fail(self.block, self.last.number, "the file ends within a line of the table")
            yield from self._close(ended=False)
        for link in self.links:
            stated = link.headers.number("BLOCKS") or 0
            if stated > link.num_inner:
                raise JcampError(
                    self.last.number, f"the file ends early: expected {stated:g} blocks, found {link.num_inner}"
                )

    def _record(self, label: str, value: str, line: Line) -> Iterator[Block]:
        self.any_record = True
        if label == "TITLE":
            yield from self._begin(line)
        if label == "END":
            yield from self._end()
            return
        if self.block is None:
            if not label:
                return
            self._open(line)
        assert self.block is not None
        self.label, self.form_due = label, False
        if self.table is not None:
            self._store(self.block)
        if label in _TABLES and not self.block.form:
            self._begin_table(self.block, label, value)
        elif label in _CURVES and self.block.form in _CURVES:
            self.block.form = f"{self.block.form} twice"  # which one is meant cannot be told
            self.block.table = None
        else:
            self.block.headers.add(label, value)

    def _begin(self, line: Line) -> Iterator[Block]:
        """A title begins a block: inside of the open one if that is a LINK, else after it."""
        if self.block is not None and _is_link(self.block):
            if len(self.links) == _DEEPEST:
                raise JcampError(line.number, f"expected blocks up to {_DEEPEST} deep, found more")
            if self.links:
                self.links[-1].num_inner += 1
            self.links.append(_Link(self.block.headers))
            self.block = None
        elif self.block is not None:
            yield from self._close(ended=False)
        self._open(line)

    def _open(self, line: Line) -> None:
        self.block = Block(number=0, line=line.number)
        self.table, self.label = None, ""

    def _end(self) -> Iterator[Block]:
        if self.block is not None:
            yield from self._close(ended=True)
        elif self.links:
            self.links.pop()

    def _close(self, *, ended: bool) -> Iterator[Block]:
        assert self.block is not None
        block, self.block = self.block, None
        if self.table is not None:
            self._store(block)
        self.num_blocks += 1
        if self.links:
            self.links[-1].num_inner += 1
        block.number, block.ended = self.num_blocks, ended
        yield block

    def _begin_table(self, block: Block, label: str, value: str) -> None:
        block.form = label
        if label not in _CURVES:
            return
        if not value:
            self.form_due = True
        elif _STEPS_FORM.search(form := re.sub(r"\s", "", value)) and label == "XYDATA":
            self.table = Steps(block.headers.decimal_comma)
        elif _PAIRS_FORM.search(form):
            self.table = Pairs(block.headers.decimal_comma)
        else:
            block.form = f"{label} {value[:40]}"

    def _continue(self, block: Block, line: Line, text: str) -> None:
        """A line without a label belongs to the record above it."""
        if self.form_due:
            self.form_due = False
            self._begin_table(block, self.label, text)
        elif self.table is not None:
            if not line.whole:
                self._fail(block, line.number, "expected lines of up to a million characters, found a longer one")
                return
            try:
                self.table.feed(line)
            except JcampError as error:
                block.error, self.table = error, None
        elif self.label not in _TABLES:
            block.headers.extend(self.label, text)

    def _store(self, block: Block) -> None:
        if self.table is not None:
            block.table, self.table = self.table.finish(), None

    def _fail(self, block: Block, number: int, problem: str) -> None:
        block.error, self.table = JcampError(number, problem), None


def _is_link(block: Block) -> bool:
    if block.form:
        return False
    return block.headers.text("DATATYPE").upper() == "LINK" or block.headers.number("BLOCKS") is not None
