# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of the plugins import each other in one direction only, and no file imports itself in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
# What each room may import, beside itself and the files of module_utils that lie in no room.
ROOMS = {
    "module_utils/_timers": set(),
    "module_utils/_globus": {"module_utils/_timers"},
    "module_utils/_apply": {"module_utils/_timers", "module_utils/_globus"},
    "module_utils/_module": {"module_utils/_timers", "module_utils/_globus", "module_utils/_apply"},
    "plugin_utils": {"module_utils/_timers"},
    "filter": {"plugin_utils", "module_utils/_timers"},
    # A lookup is an edge of its own: it signs in, and what it says is fit to print. All it does is there.
    "lookup": {"plugin_utils", "module_utils/_globus"},
    "modules": {"module_utils/_module"},
    "doc_fragments": set(),
    "module_utils": {"module_utils/_timers"},
}
SHARED = "module_utils"
# The order inside _globus: each file may import those before it. So each layer works, and is tested, without the next.
LAYERS = (
    "collections",
    "credentials",
    "token_storage",
    "http",
    "auth_api",
    "logins",
    "auth_requirements",
    "service",
    "connection",
)


def room_of(file: Path) -> str:
    """The room of a file, by its path below plugins: a folder, or for a shared file ``module_utils``."""
    return file.parent.as_posix()


def imported(file: Path, source: str) -> list[Path]:
    """The files below plugins that a source imports, relatively, also inside functions."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = file.parent
        for _up in range(node.level - 1):
            base = base.parent
        base = base.joinpath(*(node.module or "").split(".")) if node.module else base
        if (PLUGINS / base).is_dir():
            found += [base / f"{name.name}.py" for name in node.names]
        else:
            found.append(base.with_suffix(".py"))
    return found


def wrong_imports(file: Path, source: str) -> list[str]:
    """The imports that lead into a room that the file's room must not know."""
    room = room_of(file)
    allowed = {room, SHARED} | ROOMS[room]
    # a module file has everything from the one file of _module that bears its name
    own_module = {f"module_utils/_module/{file.name}"} if room == "modules" else None
    wrong = []
    for other in imported(file, source):
        assert (PLUGINS / other).is_file(), f"{file} imports {other}, which is not there"
        if room_of(other) not in allowed or (own_module is not None and other.as_posix() not in own_module):
            wrong.append(f"{file} imports {other}")
        if room == "module_utils/_globus" == room_of(other) and LAYERS.index(other.stem) >= LAYERS.index(file.stem):
            wrong.append(f"{file} imports {other}, a later layer")
        if room == "module_utils/_module" == room_of(other) and other.stem != "common":
            wrong.append(f"{file} imports {other}, another module's file")
    return wrong


FILES = sorted(file.relative_to(PLUGINS) for file in PLUGINS.rglob("*.py") if file.name != "__init__.py")


def test_there_are_files_in_every_room() -> None:
    assert {room_of(file) for file in FILES} == set(ROOMS)
    assert {file.stem for file in FILES if room_of(file) == "module_utils/_globus"} == set(LAYERS)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_go_one_way(file: Path) -> None:
    source = (PLUGINS / file).read_text(encoding="utf-8")
    assert wrong_imports(file, source) == []
    assert "import ansible_collections" not in source
    assert "from ansible_collections" not in source


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("module_utils/_timers/plan.py", "from .._globus.service import Globus"),
        ("module_utils/_timers/plan.py", "from .._module import common"),
        ("module_utils/_globus/service.py", "from .._apply.execute import execute"),
        ("module_utils/_globus/http.py", "from .logins import Login"),
        ("module_utils/_globus/auth_api.py", "from . import service"),
        ("module_utils/_globus/logins.py", "def f():\n    from .service import Globus"),
        ("module_utils/_apply/execute.py", "def f():\n    from .._module.common import fail"),
        ("module_utils/_module/timer.py", "from .timers import run_timers"),
        ("modules/timer.py", "from ..module_utils._module.timers import run_timers"),
        ("modules/timer.py", "from ..module_utils._timers.plan import Plan"),
        ("plugin_utils/_backup.py", "from ..module_utils._globus import service"),
        ("filter/backup_metrics.py", "from ..module_utils._globus.connection import connect"),
        ("lookup/collection_id.py", "from ..module_utils._module.common import connect"),
    ],
)
def test_a_wrong_import_would_be_noticed(file: str, source: str) -> None:
    assert wrong_imports(Path(file), source)


def test_no_file_imports_itself_in_a_circle() -> None:
    graph = {
        file.as_posix(): {other.as_posix() for other in imported(file, (PLUGINS / file).read_text(encoding="utf-8"))}
        for file in FILES
    }
    assert len([*TopologicalSorter(graph).static_order()]) >= len(FILES)


EVENT_SOURCES = sorted((ROOT / "extensions" / "eda" / "plugins" / "event_source").glob("*.py"))
COLLECTION = "ansible_collections.research_ops.globus.plugins.module_utils."
THIN = 75  # statements of a lookup or an event source


def collection_imports(source: str) -> set[str]:
    """What of the collection a source imports absolutely."""
    return {
        (node.module or "").removeprefix(COLLECTION)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ansible_collections")
    } | {
        name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for name in node.names
        if name.name.startswith("ansible_collections")
    }


def test_an_event_source_is_thin() -> None:
    """It is loaded as a file, so it imports absolutely. It knows only what watches, which judges as timer_info does."""
    assert [file.stem for file in EVENT_SOURCES] == ["timer_health"]
    for file in EVENT_SOURCES:
        source = file.read_text(encoding="utf-8")
        assert imported(Path("extensions/x.py"), source) == []
        assert collection_imports(source) == {"_apply.watch", "_errors"}


@pytest.mark.parametrize(
    "file",
    [*EVENT_SOURCES, *(PLUGINS / file for file in FILES if room_of(file) == "lookup")],
    ids=lambda file: file.stem,
)
def test_an_edge_is_thin(file: Path) -> None:
    statements = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.stmt)]
    assert len(statements) <= THIN


def test_health_is_judged_in_one_place() -> None:
    """timer_info and the event source read and judge with one file; the others judge timers that they replace."""
    callers = {
        file.as_posix()
        for file in FILES
        if any(
            isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "health_of"
            for node in ast.walk(ast.parse((PLUGINS / file).read_text(encoding="utf-8")))
        )
    }
    assert callers == {f"module_utils/_apply/{name}.py" for name in ("reading", "history", "execute")}


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) != "module_utils/_globus"], ids=str)
def test_only_one_room_knows_the_sdk(file: Path) -> None:
    """The others see the services through it; looking whether the SDK is installed imports nothing."""
    for node in ast.walk(ast.parse((PLUGINS / file).read_text(encoding="utf-8"))):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        assert not [name for name in names if name.partition(".")[0] == "globus_sdk"]


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) == "module_utils/_timers"], ids=str)
def test_the_pure_room_knows_no_input_or_output(file: Path) -> None:
    """Neither Ansible nor a socket, a file or a clock."""
    impure = {
        "ansible",
        "os",
        "socket",
        "subprocess",
        "requests",
        "urllib",
        "http",
        "time",
        "threading",
        "pathlib",
        "io",
    }
    for node in ast.walk(ast.parse((PLUGINS / file).read_text(encoding="utf-8"))):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        assert not [name for name in names if name.partition(".")[0] in impure]


# Verbs and other words that say nothing of what a function does or returns.
VAGUE = {"_said", "_told", "_does", "_well", "_held", "_going_on", "_were", "_is", "_do", "_take", "_goes", "_stands"}


def private_definitions(file: str, source: str) -> Iterator[tuple[str, str]]:
    """The private functions, methods and classes of a file, each with the file."""
    for node in ast.walk(ast.parse(source)):
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else ""
        if name.startswith("_") and not name.startswith("__"):
            yield name, file


def ambiguous(definitions: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The names that are defined in more than one file, with these files."""
    files: dict[str, set[str]] = {}
    for name, file in definitions:
        files.setdefault(name, set()).add(file)
    return {name: sorted(where) for name, where in files.items() if len(where) > 1}


def test_a_private_name_means_one_thing() -> None:
    """So a name that is searched for leads to one place, and a name in a traceback says which file it is of."""
    sources = [*(PLUGINS / file for file in FILES), *EVENT_SOURCES]
    definitions = [
        found
        for file in sources
        for found in private_definitions(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    ]
    assert len(definitions) > 400
    assert ambiguous(definitions) == {}
    assert VAGUE.isdisjoint(name for name, _file in definitions)


# What the same name may mean in several files: entry points that Ansible asks for, the module's wrapper of a function,
# and the words of a vocabulary.
SHARED_NAMES = {"main", "FilterModule", "ModuleDocFragment", "connect", "open_http"}


def test_a_public_name_means_one_thing_too() -> None:
    definitions = [
        (node.name, file.as_posix())
        for file in FILES
        for node in ast.parse((PLUGINS / file).read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    assert len(definitions) > 200
    assert ambiguous(definitions).keys() == SHARED_NAMES


def test_a_file_imports_names_as_they_are() -> None:
    """Without ``as``, so that one thing has one name everywhere."""
    for file in FILES:
        for node in ast.walk(ast.parse((PLUGINS / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert not [name.name for name in node.names if name.asname], file


def test_a_name_in_two_files_would_be_noticed() -> None:
    sources = {"a.py": "def _find(): ...", "b.py": "class C:\n    def _find(self): ...\n    def __len__(self): ..."}
    definitions = [found for file, source in sources.items() for found in private_definitions(file, source)]
    assert ambiguous(definitions) == {"_find": ["a.py", "b.py"]}
