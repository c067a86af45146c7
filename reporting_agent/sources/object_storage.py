"""Files on S3 or storage that speaks it (`s3://BUCKET/PATH`): fetched by pattern and kept as
copies, again where size or time differs, results put there. Address and credentials by S3's usual
environment variables, never in site.toml.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.sources.file_bytes import BESIDE_OTHERS

SCHEME = "s3://"
_WILD = "*?["


def is_object(pattern: str) -> bool:
    return pattern.startswith(SCHEME)


def beside(address: str) -> str:
    """The folder of an object."""
    return address.rpartition("/")[0]


def joined(folder: str, pattern: str) -> str:
    """As paths are joined: `..` is the folder above; an absolute path stays one of the machine that
    reads it, an address itself.
    """
    if is_object(pattern) or Path(pattern).is_absolute():
        return pattern
    return SCHEME + posixpath.normpath(posixpath.join(folder.removeprefix(SCHEME), pattern))


def copies() -> Path:
    """Where fetched objects lie, a folder a bucket: $STEPLABEL_OBJECTS, else in the user's
    cache.
    """
    named = os.environ.get("STEPLABEL_OBJECTS")
    return Path(named) if named else Path.home() / ".cache" / "steplabel" / "objects"


def fetched(pattern: str, place: Place) -> list[Path]:
    """Copies of all objects of that pattern, in order of name.

    Raises:
        InputError: `object-storage-unreachable`, `file-missing`, at `place`, which names the
            pattern; `output-not-writable`.
    """
    from pyarrow import fs

    wanted = pattern.removeprefix(SCHEME)
    try:
        storage = _storage()
        objects = [
            info
            for info in storage.get_file_info(_candidates(fs, wanted))
            if info.is_file and _matches(info.path, wanted)
        ]
        files = [_copy(storage, info) for info in sorted(objects, key=lambda info: info.path)]
    except OSError as refused:
        raise _unreachable(place, refused, pattern) from refused
    if not files:
        raise InputError(
            "file-missing",
            "There is no object with this name.",
            "Check the path under [inputs] in site.toml: s3://BUCKET/PATH, where * stands for any "
            "part of a name.",
            place=place,
            found=Phrase("no such object"),
            wanted=pattern,
        )
    return files


def require_bucket(address: str) -> None:
    """Refuse a bucket that is not there. InputError `object-storage-unreachable`,
    `output-not-writable`.
    """
    from pyarrow import fs

    bucket = PurePosixPath(address.removeprefix(SCHEME)).parts[:1]
    try:
        exists = bool(bucket) and _storage().get_file_info(bucket[0]).type is fs.FileType.Directory
    except OSError as refused:
        raise _unreachable(Place(address), refused, address) from refused
    if not exists:
        raise _not_writable(address, "no such bucket")


def text(address: str) -> str | None:
    """The text of an object; None where there is none. InputError `object-storage-unreachable`."""
    try:
        with _storage().open_input_stream(address.removeprefix(SCHEME)) as stream:
            return bytes(stream.read()).decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as refused:
        raise _unreachable(Place(address), refused, address) from refused


def put(file: Path, address: str) -> None:
    """A file as an object, which is there whole or as it was before. InputError
    `output-not-writable`.
    """
    try:
        with (
            file.open("rb") as content,
            _storage().open_output_stream(address.removeprefix(SCHEME)) as stream,
        ):
            shutil.copyfileobj(content, stream, 1 << 20)
    except OSError as refused:
        raise _not_writable(address, str(refused)) from refused


def _storage() -> Any:
    from pyarrow import fs

    return fs.S3FileSystem(**_endpoint())


def _unreachable(place: Place, refused: OSError, wanted: str) -> InputError:
    return InputError(
        "object-storage-unreachable",
        "The object storage does not provide this input.",
        "Check the address, and AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY in the environment.",
        place=place,
        found=str(refused),
        wanted=wanted,
    )


def _not_writable(address: str, found: str) -> InputError:
    return InputError(
        "output-not-writable",
        "The result cannot be written.",
        "Check the bucket that --out names, and that your keys may write to it.",
        place=Place(address),
        found=found,
        wanted=Phrase("a bucket that can be written to"),
    )


def _endpoint() -> dict[str, Any]:
    """What the library does not take from the environment by itself in every build."""
    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not address:
        return {}
    scheme, _, host = address.partition("://")
    return {"endpoint_override": host, "scheme": scheme} if host else {"endpoint_override": scheme}


def _candidates(fs: Any, wanted: str) -> Any:
    """What is listed: the object itself, or the folder above the first name with a wildcard."""
    parts = PurePosixPath(wanted).parts
    fixed = next((at for at, part in enumerate(parts) if any(sign in part for sign in _WILD)), None)
    if fixed is None:
        return [wanted]
    return fs.FileSelector(
        "/".join(parts[:fixed]), recursive=fixed < len(parts) - 1, allow_not_found=True
    )


def _matches(path: str, wanted: str) -> bool:
    """Name by name, as of files: a wildcard crosses no slash, and names no `BESIDE_OTHERS`."""
    names, patterns = PurePosixPath(path).parts, PurePosixPath(wanted).parts
    alike = len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))
    return path == wanted or (alike and not names[-1].startswith(BESIDE_OTHERS))


def _copy(storage: Any, source: Any) -> Path:
    """The object's copy, fetched where there is none of its size and time. It takes its place
    whole: processes may fetch the same.
    """
    path, changed_ns = copies() / str(source.path), int(source.mtime_ns)
    if path.is_file() and (path.stat().st_size, path.stat().st_mtime_ns) == (
        source.size,
        changed_ns,
    ):
        return path
    with _saving(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".fetching-")
    whole = Path(name)
    try:
        with (
            open(descriptor, "wb", buffering=0) as file,
            storage.open_input_stream(source.path) as stream,
        ):
            while chunk := stream.read(1 << 20):
                with _saving(path):
                    while chunk:
                        chunk = chunk[file.write(chunk) :]
        if whole.stat().st_size != source.size:
            raise OSError(Phrase("%(path)s changed while it was fetched", path=source.path))
        with _saving(path):
            os.utime(whole, ns=(changed_ns, changed_ns))
            os.replace(whole, path)
    finally:
        whole.unlink(missing_ok=True)
    return path


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    """What fails of a copy on this machine is no fault of the storage."""
    try:
        yield
    except OSError as refused:
        raise InputError(
            "output-not-writable",
            "The copy of an object cannot be saved.",
            "Free space on its disk, or name another folder in the environment variable "
            "STEPLABEL_OBJECTS.",
            place=Place(str(path)),
            found=refused.strerror or str(refused),
            wanted=Phrase("a folder with room for what is fetched"),
        ) from refused
