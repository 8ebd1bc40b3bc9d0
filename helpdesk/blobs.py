"""The blob store: files named by the SHA-256 of their bytes, outside any web root, never executed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from helpdesk.settings import settings

SPARE_BYTES = 16 * 2**20
"""What must stay free, so that answers and their files can still be written when no more mail is taken in."""

_PIECE = 2**20


class NoRoom(Exception):
    """The disk is full, or does not take files for another reason; it may again later."""


def put(content: bytes) -> str:
    """Store the bytes durably and give their name (64 hex digits). Storing twice is harmless.

    Raises:
        NoRoom: they could not be written; nothing of them is left behind.
    """
    digest = hashlib.sha256(content).hexdigest()
    target = _path(digest)
    if target.exists():
        return digest
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(content, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise NoRoom(os.strerror(error.errno or 0)) from error
    return digest


def take(stream: BinaryIO) -> tuple[str, int]:
    """Store what a stream holds, never all of it in memory; its name and its size.

    Raises:
        NoRoom: it could not be written; nothing of it is left behind.
    """
    folder = settings().blobs.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)
        unfinished = Path(name)
        try:
            digest, size = _copied(stream, descriptor)
            target = _path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise NoRoom(os.strerror(error.errno or 0)) from error
    return digest, size


def has_room(size: int) -> bool:
    """Whether `size` more bytes fit on the disk and some are left."""
    folder = settings().blobs.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return shutil.disk_usage(folder).free >= size + SPARE_BYTES


def get(digest: str) -> bytes:
    return _path(digest).read_bytes()


def path(digest: str) -> Path:
    """Where the bytes lie, for streaming them out."""
    return _path(digest)


def _path(digest: str) -> Path:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError("not a blob name")
    return settings().blobs.absolute() / digest[:2] / digest


def _copied(stream: BinaryIO, descriptor: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(descriptor, "wb") as file:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _write(content: bytes, target: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
