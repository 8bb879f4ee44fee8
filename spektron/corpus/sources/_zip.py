"""Entries of a zip archive that nobody vouches for: read one by one, in memory, never extracted.

The list comes from the archive's directory, through the standard library. Where that is missing or wrong, as in every
download that was cut short, the entries' own headers give it: what comes before the damage is read, what follows is
lost. Bytes of entries are read here and not by `zipfile`, because it needs a directory, unpacks bzip2 and LZMA without
a bound on memory, and takes the last of several entries of one name each time.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO

from spektron.corpus.sources._damage import UnfitFile
from spektron.spectra import SpectrumRejected

__all__ = ["Archive", "Entry", "list_entries", "read_entry"]

# Local header: signature, flags, method, CRC-32, bytes packed and unpacked, lengths of name and extra field.
_LOCAL = struct.Struct("<4s2xHH4xIIIHH")
_LOCAL_SIGNATURE, _DIRECTORY_SIGNATURES = b"PK\x03\x04", (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800

# A directory of more is refused unread: 16 MiB list 120,000 entries named as RRUFF names them, ten times its largest
# archive; or 350,000 without a name, for which Python needs 250 MB.
_LARGEST_DIRECTORY = 16 * 2**20
_MOST_ENTRIES = 350_000
# How far an entry of unstated size is unpacked (and forgotten) to find where it ends.
_LONGEST_MEASURED = 2**30
_CHUNK = 2**16

# What `zipfile` raises on archives that are none: names that are no UTF-8 are ValueErrors.
_NO_DIRECTORY = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, struct.error, ValueError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file in an archive.

    Attributes
    ----------
    name : str
        As the archive gives it: any characters, ``..`` and leading slashes among them. No path to write to.
    start : int
        Place of its local header in the archive.
    encrypted, overlapped : bool
        Whether it is encrypted; whether it claims bytes of another entry, as archives made to explode do.
    method, packed_bytes, unpacked_bytes, crc32 : int
        As in the directory.
    """

    name: str
    start: int
    encrypted: bool
    method: int
    packed_bytes: int
    unpacked_bytes: int
    crc32: int
    overlapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What is in an archive, directories left out.

    Attributes
    ----------
    entries : list of Entry
        In the order of their names, then of their places.
    rebuilt : bool
        Whether the directory was lost and the entries' own headers gave the list.
    loss : str
        What is known to be lost; empty where nothing is.
    """

    entries: list[Entry]
    rebuilt: bool
    loss: str


def list_entries(path: Path) -> Archive:
    """List an archive by its directory, or by the headers of its entries where that is lost.

    Raises
    ------
    UnfitFile
        ``unreadable-file`` where neither gives an entry; ``too-large`` where the directory is far too long.
    OSError
        Where the file cannot be read.
    """
    if not path.is_file():  # opening a named pipe would wait for ever
        raise UnfitFile("unreadable-file", "expected a zip archive, found no regular file, or a link to none")
    with _Bounded(path) as handle:
        try:
            with zipfile.ZipFile(handle) as archive:
                entries, rebuilt, loss = [_of_directory(info) for info in archive.infolist()], False, ""
        except UnfitFile:
            raise
        except _NO_DIRECTORY as error:
            entries, loss = _scan(handle, path.stat().st_size)
            rebuilt = True
            if not entries:
                raise UnfitFile("unreadable-file", f"expected a zip archive, found none: {error}"[:300]) from error
    files = _marked(entry for entry in entries if not entry.name.endswith("/"))
    return Archive(entries=sorted(files, key=lambda entry: (entry.name, entry.start)), rebuilt=rebuilt, loss=loss)


def read_entry(handle: IO[bytes], entry: Entry, longest: int) -> bytes:
    """Unpack an entry.

    Parameters
    ----------
    handle : file
        The archive.
    entry : Entry
        Of `list_entries`.
    longest : int
        Most bytes that it may unpack to; no more than that and a chunk is ever held, whatever it claims.

    Raises
    ------
    SpectrumRejected
        ``too-large``; ``damaged-record`` where it is encrypted, packed by another method than deflate, overlaps
        another entry, is cut short, or is not what its checksum says.
    """
    if max(entry.unpacked_bytes, 0 if entry.method else entry.packed_bytes) > longest:
        raise SpectrumRejected("too-large", f"expected up to {longest} bytes, found {entry.unpacked_bytes}")
    if entry.encrypted or entry.overlapped or entry.method not in (_STORED, _DEFLATED):
        found = "an encrypted one" if entry.encrypted else f"method {entry.method}"
        found = "one that shares its bytes with others" if entry.overlapped else found
        raise SpectrumRejected("damaged-record", f"expected an entry stored or deflated, found {found}")
    handle.seek(_data_start(handle, entry))
    data = handle.read(entry.packed_bytes) if entry.method == _STORED else _inflated(handle, entry, longest)
    if len(data) > longest:
        raise SpectrumRejected("too-large", f"expected up to {longest} bytes, found more than the entry states")
    if len(data) != entry.unpacked_bytes or zlib.crc32(data) != entry.crc32:
        found = f"{len(data)} bytes" if len(data) != entry.unpacked_bytes else "another checksum"
        raise SpectrumRejected("damaged-record", f"expected {entry.unpacked_bytes} bytes as packed, found {found}")
    return data


class _Bounded(io.FileIO):
    """A file that refuses to be read in one go where that would fill the memory: `zipfile` reads directories so."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_DIRECTORY:
            raise UnfitFile("too-large", f"expected a directory of up to {_LARGEST_DIRECTORY} bytes, found {size}")
        data = super().read(size)
        assert data is not None, "a regular file never blocks"
        return data


def _of_directory(info: zipfile.ZipInfo) -> Entry:
    return Entry(
        name=info.orig_filename,  # `filename` ends at a null character
        start=info.header_offset,
        encrypted=bool(info.flag_bits & _ENCRYPTED),
        method=info.compress_type,
        packed_bytes=info.compress_size,
        unpacked_bytes=info.file_size,
        crc32=info.CRC,
    )


def _marked(entries: Iterator[Entry]) -> list[Entry]:
    """Mark those that overlap: 300,000 entries may share one that unpacks to megabytes (Fifield 2019, WOOT '19)."""
    placed = sorted(entries, key=lambda entry: entry.start)
    over = {a.start for a, b in pairwise(placed) if a.start + _LOCAL.size + a.packed_bytes > b.start}
    return [replace(entry, overlapped=True) if entry.start in over else entry for entry in placed]


def _data_start(handle: IO[bytes], entry: Entry) -> int:
    is_place = 0 <= entry.start < 2**62  # a directory may state any, less than nothing among them
    handle.seek(entry.start if is_place else 0, 0 if is_place else 2)
    header = handle.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
        raise SpectrumRejected("damaged-record", f"expected the entry at byte {entry.start}, found none there")
    *_, num_name, num_extra = _LOCAL.unpack(header)
    return entry.start + _LOCAL.size + int(num_name) + int(num_extra)


def _inflated(handle: IO[bytes], entry: Entry, longest: int) -> bytes:
    stream, data, left = zlib.decompressobj(-zlib.MAX_WBITS), bytearray(), entry.packed_bytes
    try:
        while left > 0 and not stream.eof and len(data) <= longest:
            packed = handle.read(min(_CHUNK, left))
            if not packed:
                break
            left -= len(packed)
            data += stream.decompress(packed, longest + 1 - len(data))
    except zlib.error as error:
        raise SpectrumRejected("damaged-record", f"expected a deflated entry, found {error}") from error
    return bytes(data)


def _scan(handle: IO[bytes], size: int) -> tuple[list[Entry], str]:
    """Walk the local headers from the first byte on; say what is lost behind the last whole entry."""
    entries: list[Entry] = []
    at = 0
    while len(entries) < _MOST_ENTRIES:
        handle.seek(at)
        header = handle.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
            whole = header.startswith(_DIRECTORY_SIGNATURES)
            return entries, "" if whole else f"the archive's directory, and what stood behind byte {at} of {size}"
        _, flags, method, crc32, packed, unpacked, num_name, num_extra = _LOCAL.unpack(header)
        name = handle.read(num_name).decode("utf-8" if flags & _UTF8 else "cp437", errors="backslashreplace")
        stop = at + _LOCAL.size + num_name + num_extra + packed
        if flags & _SIZES_FOLLOW and not packed:
            if (measured := _measured(handle, stop, method)) is None:
                return entries, f"the archive's directory, the entry {name!r} at byte {at} of {size}, and all behind it"
            packed, unpacked, crc32, stop = measured
        if stop > size:
            return entries, f"the archive's directory, the entry {name!r} that is cut short, and all behind it"
        encrypted = bool(flags & _ENCRYPTED)
        sizes = {"packed_bytes": packed, "unpacked_bytes": unpacked, "crc32": crc32}
        entries.append(Entry(name=name, start=at, encrypted=encrypted, method=method, **sizes))
        at = stop
    return entries, f"the archive's directory, and what stood behind the first {_MOST_ENTRIES} entries"


def _measured(handle: IO[bytes], start: int, method: int) -> tuple[int, int, int, int] | None:
    """Sizes and checksum of an entry that states them only behind its data, and where it ends; None if unknowable."""
    if method != _DEFLATED:
        return None
    handle.seek(start)
    stream, unpacked, crc32 = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    packed = b""
    try:
        while not stream.eof and unpacked <= _LONGEST_MEASURED:
            packed = stream.unconsumed_tail or handle.read(_CHUNK)
            if not packed:
                return None
            data = stream.decompress(packed, _CHUNK)
            unpacked, crc32 = unpacked + len(data), zlib.crc32(data, crc32)
    except zlib.error:
        return None
    if not stream.eof:
        return None
    stop = handle.tell() - len(stream.unused_data)
    handle.seek(stop)
    descriptor = 16 if handle.read(4) == _DESCRIPTOR_SIGNATURE else 12
    return stop - start, unpacked, crc32, stop + descriptor
