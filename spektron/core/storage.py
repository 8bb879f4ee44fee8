"""A folder, wherever it lies: on this machine's disk or in any file system that pyarrow or fsspec reaches.

A location is a path, or an address such as ``s3://bucket/folder``, ``gs://bucket/folder`` or ``fsspec+sftp://host/folder``;
credentials and endpoints come from the environment or from the address, as pyarrow documents them.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any

import pyarrow as pa
import pyarrow.fs

from spektron.core.errors import ConfigError, CorpusError
from spektron.core.files import disk_errors

__all__ = ["Storage"]


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder of files that are written whole: a name appears with all of its bytes or not at all.

    Attributes
    ----------
    location : str
        Absolute path or address. Plain text, so that it means the same in another process.
    """

    location: str

    @classmethod
    def at(cls, place: Storage | Path | str) -> Storage:
        """Make one from a path, relative ones included, or an address.

        Raises
        ------
        ConfigError
            For an address that no file system answers to.
        """
        if isinstance(place, Storage):
            return place
        if place == "":
            raise _no_address("", "an empty text, as an unset shell variable gives")
        if isinstance(place, Path) or "://" not in place:
            return cls(str(Path(place).expanduser().absolute()))
        _file_system(place)
        return cls(place)

    @property
    def is_local(self) -> bool:
        """Whether files can be mapped into memory, synced and renamed."""
        return "://" not in self.location

    @property
    def path(self) -> Path:
        """The folder, where it is local."""
        assert self.is_local, self.location
        return Path(self.location)

    @property
    def name(self) -> str:
        """Last part of the location, by which people call what lies there."""
        return self.location.partition("?")[0].rstrip("/").rpartition("/")[2]

    def __str__(self) -> str:
        # An address may hold credentials before the host, and after the question mark.
        return re.sub("//[^/@]*@", "//", self.location.partition("?")[0])

    def __truediv__(self, name: str) -> Storage:
        """A folder below this one."""
        base, mark, query = self.location.partition("?")
        return Storage(f"{base.rstrip('/')}/{name}{mark}{query}")

    def read_bytes(self, name: str) -> bytes:
        """Read all of a file.

        Raises
        ------
        FileNotFoundError
        CorpusError
            When a server does not answer, or refuses; so with every other method.
        """
        with self._answers(), self.open(name) as file:
            data: bytes = file.read()
        return data

    def open(self, name: str, *, mapped: bool = False) -> Any:
        """Open a file for reading at any place, as a pyarrow file; `mapped` into memory where it is local.

        Raises
        ------
        FileNotFoundError
        """
        if not self.is_local:
            system, base = _file_system(self.location)
            with self._answers():
                return system.open_input_file(f"{base}/{name}")
        path = self.path / name
        if not path.is_file():  # opening a named pipe would wait for ever
            raise FileNotFoundError(errno.ENOENT, "no regular file, or none at all", str(path))
        return pa.memory_map(str(path)) if mapped and path.stat().st_size else pa.OSFile(str(path), "rb")

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """Open a file for writing; on a disk it gets its name when the block ends well, and is gone when it does not.

        An object store shows a file once its upload ends, but a write that failed may show the part before the failure:
        what depends on the file being whole states its size in a file written later.

        Raises
        ------
        ResourceError
            When the disk is full.
        """
        if self.is_local:
            with self._writing_here(name) as file:
                yield file
            return
        system, base = _file_system(self.location)
        with self._answers(), system.open_output_stream(f"{base}/{name}") as stream:
            yield stream

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file, all of it or nothing."""
        with self.writing(name) as file:
            file.write(data)

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none."""
        if self.is_local:
            path = self.path / name
            return path.stat().st_size if path.is_file() else None
        system, base = _file_system(self.location)
        with self._answers():
            info = system.get_file_info(f"{base}/{name}")
        return int(info.size) if info.type == pyarrow.fs.FileType.File else None

    def names(self) -> list[str]:
        """Names of the files directly in this folder, sorted; empty where there is no such folder."""
        system, base = _file_system(self.location)
        selector = pyarrow.fs.FileSelector(base, allow_not_found=True)
        with self._answers():
            return sorted(info.base_name for info in system.get_file_info(selector) if info.is_file)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self.size(name) is not None:
            system, base = _file_system(self.location)
            with self._answers():
                system.delete_file(f"{base}/{name}")

    def remove_folder(self, name: str) -> None:
        """Remove a folder below this one with all that is in it, if it is there."""
        system, base = _file_system(self.location)
        path = f"{base}/{name}"
        with self._answers():
            if system.get_file_info(path).type == pyarrow.fs.FileType.Directory:
                system.delete_dir(path)

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """Tell a server that does not answer, or refuses, from a file that is missing or damaged."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            if self.is_local or error.filename is not None:  # a file of this machine, in whatever was done meanwhile
                raise
            raise CorpusError(
                f"expected an answer from {self}, found: {error}",
                "check the network, the credentials and the endpoint (AWS_ENDPOINT_URL, or endpoint_override=… in the "
                "address), then run the same command again",
            ) from error

    @contextmanager
    def _writing_here(self, name: str) -> Iterator[IO[bytes]]:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with disk_errors(path), os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o644)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)


@lru_cache(maxsize=32)
def _file_system(location: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """File system of a location, and the folder's path in it without a slash at the end."""
    if "://" not in location:
        return pyarrow.fs.LocalFileSystem(), location.rstrip("/")
    try:
        system, path = pyarrow.fs.FileSystem.from_uri(location)
    except (pa.ArrowException, ImportError, ValueError, OSError) as error:
        raise _no_address(location, str(error)) from None
    if not path.strip("/"):
        raise _no_address(location, "it names no bucket or folder")
    return system, path.rstrip("/")


def _no_address(location: str, found: str) -> ConfigError:
    return ConfigError(
        f"expected a folder or the address of one, found {str(Storage(location))!r}: {found}",
        "give a path, or an address such as s3://bucket/folder, gs://bucket/folder or fsspec+sftp://host/folder",
    )
