# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of logins: whole or not at all, private, under a lock that does not last for ever (X1)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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
    with pytest.raises(GlobusError, match="not a file of this collection"):
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
    with file.locked(), pytest.raises(GlobusError, match="is it stuck") as refused, TokenFile(str(file.path)).locked():
        pass
    assert refused.value.code == "token_storage"
    with file.locked():
        pass


def test_a_file_system_without_locks_is_told(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(GlobusError, match="a file system that has locks"):
        write(file)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"environment": 1, "client_id": 2, "tokens": []}', "\0", '"x"'])
def test_what_is_no_login_is_not_taken_for_one(file: TokenFile, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text, encoding="utf-8")
    with pytest.raises(GlobusError, match="not a file of this collection") as refused:
        file.read()
    assert refused.value.remedy == f"rm {file.path}"


@pytest.mark.parametrize("member", ['"expires_at": null', '"expires_at": "soon"', '"access_token": 5'])
def test_a_token_of_another_shape_is_none(file: TokenFile, member: str) -> None:
    write(file)
    written = file.path.read_text(encoding="utf-8")
    file.path.write_text(written.replace('"scope": ""', f'"scope": "", {member}'), encoding="utf-8")
    with pytest.raises(GlobusError, match="not a file of this collection"):
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
        with pytest.raises(GlobusError, match=r"has no home\. Set HOME"):
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
    with pytest.raises(GlobusError, match=r"is in use.*Run the task again") as told:
        read_cli_login("production")
    assert (told.value.code, told.value.remedy) == ("cli_storage", None)
    cli_storage.execute("COMMIT")
    login = read_cli_login("production")
    assert login is not None
    assert login.client_id == "cli"


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ("DROP TABLE token_storage", "not as this collection knows it", "globus login --force"),
        ("UPDATE token_storage SET token_data_json = '{'", "not as this collection knows it", "globus login --force"),
        (
            "UPDATE token_storage SET token_data_json = '{\"expires_at_seconds\": 1e999}'",
            None,
            None,
        ),
        (
            f"UPDATE token_storage SET token_data_json = '{{\"x\": {'[' * 100000}'",
            "not as this collection knows it",
            "globus login --force",
        ),
        (
            f"UPDATE token_storage SET token_data_json = '{{\"expires_at_seconds\": 1{'0' * 400}}}'",
            "not as this collection knows it",
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
    with pytest.raises(GlobusError, match=message) as told:
        read_cli_login("production")
    assert told.value.remedy == remedy


@pytest.mark.usefixtures("cli_storage")
def test_what_is_no_database_may_be_removed(tmp_path: Path) -> None:
    path = tmp_path / ".globus" / "cli" / "storage.db"
    path.write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(GlobusError, match="cannot be read: file is not a database") as told:
        read_cli_login("production")
    assert told.value.remedy == f"rm {path} && globus login"
