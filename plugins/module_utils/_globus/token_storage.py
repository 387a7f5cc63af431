# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection research_ops.globus: free to change between releases.

"""Stores tokens in a file of our own, and reads the Globus CLI's database (rule X1).

The SDK's JSON storage is not used: it is neither atomic nor locked, and its folders are readable to all users (facts,
"globus-sdk 4.x"). Several tasks that renew a login at once need atomic, locked and private files.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .._errors import GlobusError
from .._secrets import register

if TYPE_CHECKING:
    import sqlite3

LOGINS = "~/.globus/ansible"
CLI_DATABASE = "~/.globus/cli/storage.db"
CLI_SECONDS = 10.0  # the longest wait for a globus command that changes the database
LOCK_SECONDS = 300.0  # the longest wait for another task that renews a login
LOCK_POLL = 0.05


@dataclass(frozen=True)
class Token:
    """An access token with its refresh token. ``repr`` shows neither (rule X1).

    :ivar expires_at: seconds since the epoch.
    """

    access_token: str = field(repr=False)
    expires_at: float = 0.0
    refresh_token: str | None = field(default=None, repr=False)
    scope: str = ""

    def __post_init__(self) -> None:
        register(self.access_token, self.refresh_token)


@dataclass(frozen=True)
class StoredLogin:
    """A stored login.

    :ivar client_id: the client of the tokens.
    :ivar client_secret: the secret of the CLI's own client, which is a confidential one; None for a native app.
    :ivar identity: the ID of the person, if known.
    :ivar tokens: by resource server.
    """

    environment: str
    client_id: str
    tokens: Mapping[str, Token]
    client_secret: str | None = field(default=None, repr=False)
    identity: str | None = None
    username: str | None = None

    def __post_init__(self) -> None:
        register(self.client_secret)


class TokenFile:
    """A file with one login: mode 0600, in a folder of mode 0700, replaced as a whole under a lock."""

    def __init__(self, path: str) -> None:
        self.path = _expand(path)

    def read(self) -> StoredLogin | None:
        """The login, or None if the file does not exist. Raises GlobusError if it is not a file of this collection."""
        try:
            with open_private(self.path) as file:
                document = json.load(file)
                tokens = {server: _read_token(token) for server, token in document["tokens"].items()}
                login = StoredLogin(
                    environment=document["environment"],
                    client_id=document["client_id"],
                    identity=document.get("identity"),
                    username=document.get("username"),
                    tokens=tokens,
                )
                _check_types(login)
                _keep_private(file.fileno())
            return login
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GlobusError(
                f"The token storage {self.path} cannot be read: {error.strerror}", code="token_storage"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise GlobusError(
                f"The token storage {self.path} is not a token file of this collection. Set token_storage to another "
                "file, or remove this file",
                code="token_storage",
                remedy=f"rm {shlex.quote(str(self.path))}",
            ) from None

    def write(self, login: StoredLogin) -> None:
        """Replace the file. The caller must hold ``locked``."""
        document = {
            "environment": login.environment,
            "client_id": login.client_id,
            "identity": login.identity,
            "username": login.username,
            "tokens": {server: vars(token) for server, token in login.tokens.items()},
        }
        self.write_text(self.path, json.dumps(document))

    @staticmethod
    def write_text(path: Path, text: str) -> None:
        """Replace a private file atomically. The caller must hold ``locked``."""
        try:
            _make_private_folder(path.parent)
            # A fixed name, so that the next writer replaces what a killed writer left behind.
            temporary = path.with_name(f".{path.name}.new")
            temporary.unlink(missing_ok=True)
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(handle)
            os.replace(temporary, path)
        except OSError as error:
            raise GlobusError(
                f"The token storage {path} cannot be written: {error.strerror}", code="token_storage"
            ) from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the file against changes by other tasks. Waits for another task, but not for ever."""
        try:
            check_place(self.path)
            _make_private_folder(self.path.parent)
            name = self.path.with_name(f".{self.path.name}.lock")
            handle = os.open(name, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise GlobusError(
                f"The folder of the token storage {self.path} cannot be used: {error.strerror}. Set token_storage "
                "(GLOBUS_TOKEN_STORAGE) to a file in a folder of your own",
                code="token_storage",
            ) from None
        try:
            _check_file(name, os.fstat(handle))
            self._lock(handle)
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> None:
        give_up = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise GlobusError(
                        f"Another task has locked the token storage {self.path} for {LOCK_SECONDS:.0f} seconds. "
                        "Check whether that task hangs",
                        code="token_storage",
                    ) from None
                time.sleep(LOCK_POLL)
            except OSError as error:
                raise GlobusError(
                    f"The token storage {self.path} cannot be locked ({error.strerror}). Use a file on a file system "
                    "that supports locks",
                    code="token_storage",
                ) from None

    def remove(self) -> bool:
        """Remove the file. Returns whether it existed. The caller must hold ``locked``."""
        try:
            self.path.with_name(f".{self.path.name}.new").unlink(missing_ok=True)
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise GlobusError(
                f"The token storage {self.path} cannot be removed: {error.strerror}", code="token_storage"
            ) from None
        return True


# --- whose files these are -----------------------------------------------------------------------------------------


def open_private(path: Path) -> IO[str]:
    """Open a file for reading, if no other user can have created it. It never blocks, as a named pipe would.

    :raises FileNotFoundError: if it does not exist.
    :raises GlobusError: if it is not a regular file, or other users can write to its place.
    """
    _check_file(path, path.stat())  # before it is opened, because opening a device may have an effect
    check_place(path)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        _check_file(path, os.fstat(handle))
    except GlobusError:
        os.close(handle)
        raise
    return os.fdopen(handle, encoding="utf-8")


def check_place(path: Path) -> None:
    """Refuse a place where another user could put a file or link in place of ours, as ssh does.

    Every folder above the file must belong to this user or root, and no other user may write to it. A sticky folder
    such as ``/tmp``, where other users can only add files, is allowed if the next folder or file in it belongs to this
    user.
    """
    lexical, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))
    folders = {*lexical.parents, *real.parents}
    trusted = _trusted_owners(real, folders)
    for link in (lexical, *lexical.parents):
        if link.is_symlink() and link.lstat().st_uid not in trusted:
            raise _foreign(f"The link {link}", link.lstat().st_uid, path)
    for folder in sorted(folders):
        try:
            state = folder.stat()
        except FileNotFoundError:
            continue  # it will be created by this user
        if state.st_uid not in trusted:
            raise _foreign(f"The folder {folder}", state.st_uid, path)
        if not state.st_mode & stat.S_ISVTX and _others_may_write(state):
            remedy = f"chmod go-w {shlex.quote(str(folder))}"
            raise GlobusError(
                f"Other users can write to the folder {folder}, so they could replace the token storage {path}. Make "
                f"the folder private with: {remedy}",
                code="token_storage",
                remedy=remedy,
            )


def _check_file(path: Path, state: os.stat_result) -> None:
    """Refuse a path that is not a regular file, or belongs to another user."""
    if not stat.S_ISREG(state.st_mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
        kind = kinds.get(stat.S_IFMT(state.st_mode), "a device")
        raise GlobusError(
            f"The token storage {path} is {kind}, not a file. Set token_storage (GLOBUS_TOKEN_STORAGE) to a file",
            code="token_storage",
        )
    real = Path(os.path.realpath(path))
    if state.st_uid not in _trusted_owners(real, {*real.parents}):
        raise _foreign("The file", state.st_uid, path)


def _trusted_owners(path: Path, folders: set[Path]) -> set[int]:
    """This user and root. Root (as in a container with mounted homes) also trusts the owner of the file's folder, but
    not below a folder such as ``/tmp``, where anybody may have created it.
    """
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0:
        states = [folder.stat() for folder in folders if folder.exists()]
        if not any(state.st_mode & stat.S_IWOTH for state in states) and path.parent.exists():
            trusted.add(path.parent.stat().st_uid)
    return trusted


def _others_may_write(state: os.stat_result) -> bool:
    """Whether other users can write to a folder. A group whose only member is this user does not count."""
    if state.st_mode & stat.S_IWOTH:
        return True
    return bool(state.st_mode & stat.S_IWGRP) and state.st_gid != 0 and not _is_own_group(state.st_gid)


def _is_own_group(group: int) -> bool:
    """Whether a group is the private group of this user, which many systems create."""
    import grp  # here, because it is rarely needed (rule C4)
    import pwd

    try:
        user, entry = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and entry.gr_name == user.pw_name and set(entry.gr_mem) <= {user.pw_name}


def _foreign(what: str, owner: int, path: Path) -> GlobusError:
    return GlobusError(
        f"{what} belongs to another user (ID {owner}), who could replace the token storage {path}. Use a file in a "
        "folder of your own",
        code="token_storage",
        remedy="set token_storage (GLOBUS_TOKEN_STORAGE) to another file or, for the login of the Globus CLI, set "
        "auth_method to another way to sign in",
    )


def _check_types(login: StoredLogin) -> None:
    """Raises TypeError if a member has the wrong type."""
    wrong = [text for text in (login.identity, login.username) if text is not None and not isinstance(text, str)]
    if wrong or not isinstance(login.environment, str) or not isinstance(login.client_id, str):
        raise TypeError("a login consists of texts")


def _read_token(document: Mapping[str, Any]) -> Token:
    """A token in our own file. Raises TypeError if its members or their types are wrong."""
    token = Token(**document)
    texts = (token.access_token, "" if token.refresh_token is None else token.refresh_token, token.scope)
    if not all(isinstance(text, str) for text in texts) or not isinstance(token.expires_at, (int, float)):
        raise TypeError("a token is a text, and expires at a number of seconds")
    return token


def _keep_private(file: int) -> None:
    """Make an open file private if other users can read it, for example after it was copied (rule X1)."""
    if os.fstat(file).st_mode & 0o077:
        with contextlib.suppress(OSError):  # it belongs to another user, or cannot be changed
            os.fchmod(file, 0o600)


def _expand(path: str) -> Path:
    if "\0" in path:
        raise GlobusError("The path of the token storage contains a NUL character", code="token_storage")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise GlobusError(
            f"{path} cannot be found, because the user that runs the module has no home directory. Set HOME or "
            "token_storage",
            code="token_storage",
        ) from None


def _make_private_folder(folder: Path) -> None:
    """Create missing folders with mode 0700. Existing ones keep their mode, which is the user's choice."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def user_token_file(token_storage: str | None, client_id: str) -> TokenFile:
    """The file of a person's login to a client: the given one, or the default file of the client."""
    return TokenFile(token_storage or f"{LOGINS}/{client_id}/tokens.json")


def find_user_token_file(token_storage: str | None, client_id: str | None) -> TokenFile | None:
    """Like ``user_token_file``. If neither a file nor a client is given: the only stored login, or None.

    :raises GlobusError: if there are several.
    """
    if token_storage or client_id:
        return user_token_file(token_storage, client_id or "")
    found = sorted(_expand(LOGINS).glob("*/tokens.json"))
    if len(found) > 1:
        raise GlobusError(
            f"There are stored logins of several clients ({', '.join(file.parent.name for file in found)}). Select "
            "one with client_id",
            code="ambiguous_login",
        )
    return TokenFile(str(found[0])) if found else None


def cli_profile() -> str | None:
    """The profile of the Globus CLI that is used."""
    return os.environ.get("GLOBUS_PROFILE") or None


def read_cli_login(environment: str) -> StoredLogin | None:
    """The login that ``globus login`` stored, in the profile of ``GLOBUS_PROFILE``, or None.

    The database is opened read-only. Its tables and namespaces belong to the Globus CLI (facts, "The Globus CLI's
    login").
    """
    path = _expand(CLI_DATABASE)
    namespace = "/".join(filter(None, ("userprofile", environment, cli_profile())))
    if not path.is_file():
        return None
    try:
        _check_file(path, path.stat())
        check_place(path)
    except OSError as error:
        raise _cli_storage_error(path, error) from None
    import sqlite3  # here, because it is rarely needed (rule C4)

    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=CLI_SECONDS)) as database:
            configs = _rows(database, "SELECT config_name, config_data_json FROM config_storage", namespace)
            tokens = _rows(database, "SELECT resource_server, token_data_json FROM token_storage", namespace)
        client = configs.get("auth_client_data") or {}
        if not tokens or not client.get("client_id"):
            return None
        return StoredLogin(
            environment=environment,
            client_id=str(client["client_id"]),
            client_secret=client.get("client_secret"),
            identity=(configs.get("auth_user_data") or {}).get("sub"),
            tokens={
                server: Token(
                    access_token=str(token.get("access_token") or ""),
                    expires_at=float(token.get("expires_at_seconds") or 0),
                    refresh_token=token.get("refresh_token"),
                    scope=str(token.get("scope") or ""),
                )
                for server, token in tokens.items()
            },
        )
    except (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _cli_storage_error(path, error) from None


def _cli_storage_error(path: Path, error: Exception) -> GlobusError:
    """The error of the CLI's storage. Removing the file helps only if it is not a database."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return GlobusError(
            f"The Globus CLI's storage {path} is in use: a globus command has been writing to it for "
            f"{CLI_SECONDS:.0f} seconds. Run the task again",
            code="cli_storage",
        )
    if "unable to open" in text or "readonly" in text or "disk I/O" in text:
        return GlobusError(
            f"The Globus CLI's storage {path} cannot be opened ({text}). Check whether it belongs to another user",
            code="cli_storage",
        )
    if "not a database" in text or "malformed" in text:
        remedy = f"rm {shlex.quote(str(path))} && globus login"
        return GlobusError(
            f"The Globus CLI's storage {path} cannot be read: {text}. If the CLI cannot read it either, run: {remedy}",
            code="cli_storage",
            remedy=remedy,
        )
    return GlobusError(
        f"The Globus CLI's storage {path} has an unknown format. Sign in with the CLI again: globus login --force",
        code="cli_storage",
        remedy="globus login --force",
    )


def _rows(database: sqlite3.Connection, query: str, namespace: str) -> dict[str, dict[str, Any]]:
    rows = database.execute(f"{query} WHERE namespace = ?", (namespace,)).fetchall()
    return {name: document for name, text in rows if isinstance(document := json.loads(text), dict)}
