"""A real HTTP server on localhost that misbehaves as told: breaks connections, ignores ranges, changes files."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class File:
    """One file and how it is served; what is counted down happens that many times, then no more."""

    data: bytes
    etag: str = ""
    modified: str = ""
    kind: str = "application/octet-stream"
    ranges: bool = True
    lengths: bool = True
    break_after: list[int] = field(default_factory=list)
    """Bytes of the body after which each of the next connections is cut."""
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next answers."""
    retry_after: str = ""
    then: list[tuple[bytes, str]] = field(default_factory=list)
    """Data and ETag that replace these after each further request."""
    lie_about_range: bool = False
    """Say 206 and send the beginning."""
    redirect: str = ""
    hang_after: int = 0
    """Bytes of the body after which the next connection is held open and silent; 0 for never."""


@dataclass
class Server:
    url: str
    files: dict[str, File]
    requests: list[tuple[str, dict[str, str]]]

    def ranges_asked(self) -> list[str]:
        return [headers.get("Range", "") for _, headers in self.requests]


@contextmanager
def serving(files: dict[str, File]) -> Iterator[Server]:
    seen: list[tuple[str, dict[str, str]]] = []
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            seen.append((path, dict(self.headers)))
            file = files.get(path)
            if file is None:
                self._short(404)
            elif file.redirect:
                self._short(302, Location=file.redirect)
            elif file.statuses:
                status = file.statuses.pop(0)
                self._short(status, **({"Retry-After": file.retry_after} if file.retry_after else {}))
            else:
                self._send(file)
                if file.then:
                    file.data, file.etag = file.then.pop(0)

        def _short(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, file: File) -> None:
            begin = self._begin(file)
            if begin is not None and begin >= len(file.data):
                self._short(416, **{"Content-Range": f"bytes */{len(file.data)}"})
                return
            body = file.data if begin is None or file.lie_about_range else file.data[begin:]
            self.send_response(200 if begin is None else 206)
            if begin is not None:
                first = 0 if file.lie_about_range else begin
                self.send_header("Content-Range", f"bytes {first}-{len(file.data) - 1}/{len(file.data)}")
            for name, value in (("ETag", file.etag), ("Last-Modified", file.modified), ("Content-Type", file.kind)):
                if value:
                    self.send_header(name, value)
            if file.lengths:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            if file.hang_after:
                self.wfile.write(body[: file.hang_after])
                self.wfile.flush()
                file.hang_after = 0
                released.wait(30.0)
                return
            self.wfile.write(body[: file.break_after.pop(0)] if file.break_after else body)

        def _begin(self, file: File) -> int | None:
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            condition = self.headers.get("If-Range")
            if not found or not file.ranges or (condition and condition not in (file.etag, file.modified)):
                return None
            return int(found.group(1))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", files, seen)
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()
