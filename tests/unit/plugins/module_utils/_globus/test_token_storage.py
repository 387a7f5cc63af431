# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of logins: whole or not at all, private, under a lock that does not last for ever (X1)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.research_ops.globus.plugins.module_utils._errors import GlobusError
from ansible_collections.research_ops.globus.plugins.module_utils._globus import token_storage as _token_storage
from ansible_collections.research_ops.globus.plugins.module_utils._globus.token_storage import (
    StoredLogin,
    Token,
    TokenFile,
    cli_profile,
    find_user_token_file,
    read_cli_login,
    user_token_file,
)

TOKENS = {
    "auth.globus.org": Token("access-1", 1.5, "refresh-1", "openid profile"),
    "transfer.api.globus.org": Token("access-2", 2.0),
}
PERSON = StoredLogin("production", "client", TOKENS, identity="somebody", username="somebody@example.org")


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    """A file in a folder that is not there yet."""
    return TokenFile(str(tmp_path / "folder" / "tokens.json"))


@pytest.fixture
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GLOBUS_PROFILE", raising=False)


def write(file: TokenFile, login: StoredLogin = PERSON) -> None:
    with file.locked():
        file.write(login)


@pytest.mark.parametrize("login", [PERSON, StoredLogin("preview", "client", {})], ids=["person", "nothing in it"])
def test_what_is_written_is_read(file: TokenFile, login: StoredLogin) -> None:
    assert file.read() is None
    write(file, login)
    assert file.read() == login


def test_the_secret_of_a_client_is_not_kept_X1(file: TokenFile) -> None:
    write(file, replace(PERSON, client_secret="secret of the client"))
    assert "secret of the client" not in file.path.read_text(encoding="utf-8")
    assert file.read() == PERSON


def test_a_file_that_others_may_read_is_closed_when_it_is_read_X1(file: TokenFile) -> None:
    write(file)
    file.path.chmod(0o644)
    assert file.read() == PERSON
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_file_that_is_none_of_ours_keeps_its_mode(file: TokenFile) -> None:
    """Whatever token_storage names by mistake."""
    file.path.parent.mkdir()
    file.path.write_text('{"tokens": "of somebody"}', encoding="utf-8")
    file.path.chmod(0o644)
    with pytest.raises(GlobusError, match="not a token file of this collection"):
        file.read()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o644


def test_a_folder_that_is_there_is_left_as_it_is(file: TokenFile) -> None:
    file.path.parent.mkdir(mode=0o750)
    write(file)
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o750
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_what_a_killed_writer_left_is_not_written_into(file: TokenFile, tmp_path: Path) -> None:
    """Least of all where it is a link, in a folder that others may write to."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of somebody", encoding="utf-8")
    file.path.parent.mkdir()
    file.path.with_name(".tokens.json.new").symlink_to(elsewhere)
    write(file)
    assert file.read() == PERSON
    assert elsewhere.read_text(encoding="utf-8") == "of somebody"
    file.path.with_name(".tokens.json.lock").unlink()
    file.path.with_name(".tokens.json.lock").symlink_to(elsewhere)
    with pytest.raises(GlobusError, match="cannot be used"):
        write(file)


def test_removing(file: TokenFile) -> None:
    write(file)
    file.path.with_name(".tokens.json.new").touch()
    assert file.remove()
    assert not file.remove()
    assert [path.name for path in file.path.parent.iterdir()] == [".tokens.json.lock"]


def test_nobody_waits_for_ever_for_a_lock(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_token_storage, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(_token_storage, "LOCK_POLL", 0.01)
    with (
        file.locked(),
        pytest.raises(GlobusError, match="Check whether that task hangs") as refused,
        TokenFile(str(file.path)).locked(),
    ):
        pass
    assert refused.value.code == "token_storage"
    with file.locked():
        pass


def test_a_file_system_without_locks_is_told(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(GlobusError, match="a file system that supports locks"):
        write(file)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"environment": 1, "client_id": 2, "tokens": []}', "\0", '"x"'])
def test_what_is_no_login_is_not_taken_for_one(file: TokenFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(GlobusError, match="not a token file of this collection") as refused:
        file.read()
    assert refused.value.remedy == f"rm {file.path}"


@pytest.mark.parametrize("member", ['"expires_at": null', '"expires_at": "soon"', '"access_token": 5'])
def test_a_token_of_another_shape_is_none(file: TokenFile, member: str) -> None:
    write(file)
    written = file.path.read_text(encoding="utf-8")
    file.path.write_text(written.replace('"scope": ""', f'"scope": "", {member}'), encoding="utf-8")
    with pytest.raises(GlobusError, match="not a token file of this collection"):
        file.read()


@pytest.mark.usefixtures("_home")
def test_where_a_login_is_looked_for(tmp_path: Path) -> None:
    folder = tmp_path / ".globus" / "ansible"
    assert user_token_file(None, "a").path == folder / "a" / "tokens.json"
    assert user_token_file("~/x.json", "a").path == tmp_path / "x.json"
    assert find_user_token_file(None, None) is None
    write(user_token_file(None, "a"))
    found = find_user_token_file(None, None)
    assert found is not None
    assert found.path == folder / "a" / "tokens.json"
    write(user_token_file(None, "b"))
    with pytest.raises(GlobusError, match=r"a, b.*client_id"):
        find_user_token_file(None, None)
    chosen = find_user_token_file(None, "b")
    assert chosen is not None
    assert chosen.path == folder / "b" / "tokens.json"


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that runs under a number nobody has given a name to."""
    monkeypatch.delenv("HOME")

    def unknown(_number: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for look in (lambda: user_token_file(None, "a"), lambda: read_cli_login("production")):
        with pytest.raises(GlobusError, match=r"has no home directory\. Set HOME"):
            look()
    assert user_token_file("/tmp/x.json", "a").path == Path("/tmp/x.json")


@pytest.mark.usefixtures("_home")
def test_no_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_cli_login("production") is None
    monkeypatch.setenv("GLOBUS_PROFILE", "")
    assert cli_profile() is None
    monkeypatch.setenv("GLOBUS_PROFILE", "work")
    assert cli_profile() == "work"


# --- the Globus CLI's storage ---

CLI_TABLES = """
CREATE TABLE config_storage (namespace, config_name, config_data_json);
CREATE TABLE token_storage (namespace, resource_server, token_data_json);
INSERT INTO config_storage VALUES ('userprofile/production', 'auth_client_data', '{"client_id": "cli"}');
INSERT INTO token_storage VALUES ('userprofile/production', 'auth.globus.org', '{"access_token": "a"}');
"""


@pytest.fixture
def cli_storage(_home: None, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The CLI's storage, with a login, open for writing as a ``globus`` command has it."""
    path = tmp_path / ".globus" / "cli" / "storage.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(CLI_TABLES)
        yield database


def test_a_storage_in_use_is_not_called_broken(
    cli_storage: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy was to remove it and to sign in anew (issue 11, 28)."""
    monkeypatch.setattr(_token_storage, "CLI_SECONDS", 0.1)
    cli_storage.execute("BEGIN EXCLUSIVE")
    with pytest.raises(GlobusError, match=r"is in use.*Run the task again") as raised:
        read_cli_login("production")
    assert (raised.value.code, raised.value.remedy) == ("cli_storage", None)
    cli_storage.execute("COMMIT")
    login = read_cli_login("production")
    assert login is not None
    assert login.client_id == "cli"


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ("DROP TABLE token_storage", "has an unknown format", "globus login --force"),
        ("UPDATE token_storage SET token_data_json = '{'", "has an unknown format", "globus login --force"),
        (
            "UPDATE token_storage SET token_data_json = '{\"expires_at_seconds\": 1e999}'",
            None,
            None,
        ),
        (
            f"UPDATE token_storage SET token_data_json = '{{\"x\": {'[' * 100000}'",
            "has an unknown format",
            "globus login --force",
        ),
        (
            f"UPDATE token_storage SET token_data_json = '{{\"expires_at_seconds\": 1{'0' * 400}}}'",
            "has an unknown format",
            "globus login --force",
        ),
    ],
    ids=["no table", "cut", "infinite", "deep", "huge"],
)
def test_only_what_is_no_database_is_to_be_removed(
    cli_storage: sqlite3.Connection, change: str, message: str | None, remedy: str | None
) -> None:
    cli_storage.execute(change)
    if message is None:
        assert read_cli_login("production") is not None
        return
    with pytest.raises(GlobusError, match=message) as raised:
        read_cli_login("production")
    assert raised.value.remedy == remedy


@pytest.mark.usefixtures("cli_storage")
def test_what_is_no_database_may_be_removed(tmp_path: Path) -> None:
    path = tmp_path / ".globus" / "cli" / "storage.db"
    path.write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(GlobusError, match="cannot be read: file is not a database") as raised:
        read_cli_login("production")
    assert raised.value.remedy == f"rm {path} && globus login"


# --- whose files they are (issue 11, 44) ---

SOMEBODY, ME = 12345, 54321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def _me(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of the test's own, who is not root."""
    monkeypatch.setattr(os, "geteuid", lambda: ME)


def is_refused(file: TokenFile, words: str) -> GlobusError:
    """Neither read nor written, in these words, and at once."""
    with pytest.raises(GlobusError, match=words) as raised:
        file.read()
    with pytest.raises(GlobusError, match=words), file.locked():
        file.write(PERSON)
    return raised.value


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link to a pipe"])
def test_what_is_no_file_is_refused_and_nothing_hangs(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    words = {"pipe": "a named pipe", "socket": "a socket", "device": "a device", "folder": "a folder"}
    listener = socket.socket(socket.AF_UNIX)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(tmp_path)  # the path of a socket is short
        listener.bind("x")
        os.chdir(here)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    with pytest.raises(GlobusError, match=f"is {words.get(kind, 'a named pipe')}, not a file"):
        TokenFile(str(path)).read()
    listener.close()


@as_root
@pytest.mark.usefixtures("_me")
def test_files_and_folders_of_others_are_refused(file: TokenFile, tmp_path: Path) -> None:
    write(file)
    for path in (tmp_path, file.path.parent, *file.path.parent.iterdir()):
        os.chown(path, ME, ME)
    assert file.read() == PERSON
    os.chown(file.path, SOMEBODY, ME)
    with pytest.raises(GlobusError, match="ID 12345"):
        file.read()
    os.chown(file.path, 0, 0)
    assert file.read() == PERSON, "root could do worse"
    os.chown(file.path.parent, SOMEBODY, ME)
    is_refused(file, "folder .*belongs to another user")
    os.chown(file.path.parent, ME, ME)
    os.chown(tmp_path, SOMEBODY, ME)
    is_refused(file, "folder .*belongs to another user")


@pytest.mark.parametrize(
    ("mode", "group", "refused"),
    [
        (0o700, ME, False),
        (0o755, SOMEBODY, False),
        (0o777, ME, True),
        (0o702, ME, True),
        (0o775, SOMEBODY, True),
        (0o775, 0, False),  # the group of root, as in images of containers
        (0o1777, ME, False),  # sticky, as /tmp
        (0o1775, SOMEBODY, False),
    ],
)
@pytest.mark.parametrize("which", ["its folder", "the one above"])
@as_root
@pytest.mark.usefixtures("_me")
def test_folders_that_others_can_write_to_are_refused(
    mode: int, group: int, refused: bool, which: str, file: TokenFile, tmp_path: Path
) -> None:
    write(file)
    for path in (tmp_path, file.path.parent, *file.path.parent.iterdir()):
        os.chown(path, ME, ME)
    folder = file.path.parent if which == "its folder" else tmp_path
    os.chown(folder, ME, group)
    folder.chmod(mode)
    if refused:
        error = is_refused(file, "Other users can write to the folder")
        assert error.remedy == f"chmod go-w {folder}"
        folder.chmod(mode & ~0o022)
    assert file.read() == PERSON


@as_root
@pytest.mark.usefixtures("_me")
def test_a_private_group_is_nobody_else(file: TokenFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file)
    for path in (tmp_path, file.path.parent, *file.path.parent.iterdir()):
        os.chown(path, ME, ME)
    file.path.parent.chmod(0o775)
    monkeypatch.setattr("pwd.getpwuid", lambda _number: SimpleNamespace(pw_gid=ME, pw_name="me"))
    monkeypatch.setattr("grp.getgrgid", lambda _number: SimpleNamespace(gr_name="me", gr_mem=[]))
    assert file.read() == PERSON
    monkeypatch.setattr("grp.getgrgid", lambda _number: SimpleNamespace(gr_name="me", gr_mem=["other"]))
    is_refused(file, "Other users can write")


@as_root
@pytest.mark.usefixtures("_me")
def test_links_of_others_are_refused(file: TokenFile, tmp_path: Path) -> None:
    """In a folder like /tmp somebody can put one where the file is to be."""
    write(file)
    for path in (tmp_path, file.path.parent, *file.path.parent.iterdir()):
        os.chown(path, ME, ME)
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o1777)
    link = public / "tokens.json"
    link.symlink_to(file.path)
    os.chown(link, ME, ME, follow_symlinks=False)
    assert TokenFile(str(link)).read() == PERSON
    os.chown(link, SOMEBODY, ME, follow_symlinks=False)
    is_refused(TokenFile(str(link)), "link .*belongs to another user")
    folder = public / "folder"
    folder.symlink_to(file.path.parent)
    os.chown(folder, SOMEBODY, ME, follow_symlinks=False)
    is_refused(TokenFile(str(folder / "tokens.json")), "link .*belongs to another user")


@as_root
def test_root_uses_what_a_container_mounts_but_not_what_anybody_put_into_tmp(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    mounted = TokenFile(str(home / "tokens.json"))
    write(mounted)
    # tmp_path lies below /tmp, which is sticky: there the owner of a folder says nothing
    os.chown(home, SOMEBODY, SOMEBODY)
    os.chown(mounted.path, SOMEBODY, SOMEBODY)
    with pytest.raises(GlobusError, match="belongs to another user"):
        mounted.read()
    assert _token_storage._trusted_owners(Path("/proc/self/x"), {Path("/")}) == {0}
    folder = next((one for one in map(Path, ("/var/opt", "/opt", "/srv")) if one.is_dir()), None)
    assert folder is not None
    with tempfile.TemporaryDirectory(dir=folder) as name:
        outside = TokenFile(f"{name}/tokens.json")
        write(outside)
        os.chown(name, SOMEBODY, SOMEBODY)
        os.chown(outside.path, SOMEBODY, SOMEBODY)
        assert outside.read() == PERSON
        os.chown(outside.path, ME, ME)
        with pytest.raises(GlobusError, match="belongs to another user"):
            outside.read()
        os.chown(name, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": "deep"},
        {"environment": 5},
        {"client_id": ["x"]},
        {"identity": {}, "username": []},
        {"username": 5},
        {"tokens": {"x": {"access_token": "a", "scope": 5}}},
        {"tokens": {"x": {"access_token": "a", "refresh_token": ["r"]}}},
        {"tokens": {"x": {"access_token": None}}},
        {"tokens": []},
    ],
)
def test_43_token_files_of_odd_json_are_refused_in_words(file: TokenFile, change: dict[str, Any]) -> None:
    write(file)
    document = {**json.loads(file.path.read_text(encoding="utf-8")), **change}
    text = json.dumps(document).replace('"deep"', "[" * 100_000)
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(GlobusError, match="not a token file of this collection"):
        file.read()


def test_43_a_token_that_never_expires_is_one(file: TokenFile) -> None:
    write(file)
    text = file.path.read_text(encoding="utf-8").replace("1.5", "Infinity").replace("2.0", "1" + "0" * 400)
    file.path.write_text(text, encoding="utf-8")
    login = file.read()
    assert login is not None
    assert all(token.expires_at > 10**300 for token in login.tokens.values())


def test_a_name_with_a_nul_is_none() -> None:
    with pytest.raises(GlobusError, match="NUL"):
        TokenFile("/tmp/a\0b")
