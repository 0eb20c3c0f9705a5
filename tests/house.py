"""The rules of CONTRIBUTING.md about the code in `analysis/`, as functions that list offenders."""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

House = Mapping[str, ast.Module]  # module path below the repository, such as "analysis/wording.py" -> syntax tree

MOST_LINES = 320
MAY_STAND_TWICE = {"load"}  # evidence.load and outcomes.cohort.load give the two kinds of data
BELOW_ALL = {"cohort_wording", "exhibit", "judgement_wording", "paths", "result_view", "revision", "wording"}
ANALYSIS = {"evidence", "outcomes", "statistics", "tabular"}
# Rooms (the longest prefix counts) and the rooms that each may import, besides itself and those below all.
MAY_IMPORT = {
    "": set(),  # analysis/__init__.py
    "exhibit": {"paths", "result_view", "wording"},
    "cohort_wording": {"wording"},
    "judgement_wording": set(),
    "paths": set(),
    "result_view": set(),
    "revision": {"paths"},
    "wording": set(),
    "statistics": set(),
    "tabular": set(),
    "evidence": {"statistics", "tabular"},
    "outcomes": {"evidence", "statistics"},
    "outcomes/cohort": {"evidence", "outcomes", "statistics", "tabular"},
    "findings": ANALYSIS,
    "figures": ANALYSIS,
    "tables": ANALYSIS,
    "parameters": ANALYSIS,
    "reporting/kernel": ANALYSIS | {"parameters"},
    "reporting/page": ANALYSIS | {"parameters", "reporting"},
    "reporting": ANALYSIS | {"parameters", "reporting/kernel", "reporting/page"},
    "reporting/batch": ANALYSIS | {"parameters", "reporting", "reporting/kernel", "reporting/page"},
    "curation": ANALYSIS | {"findings", "parameters"},
    "explore": ANALYSIS | {"figures", "findings", "parameters", "reporting", "tables"},
    "__main__": ANALYSIS | {"curation", "figures", "findings", "parameters", "reporting", "tables"},
}
# Names with an underscore that their libraries document as public.
DOCUMENTED = {"_asdict", "_exit", "_fields", "_make", "_replace", "_ipython_display_", "_repr_mimebundle_"}


def read_house(root: Path) -> dict[str, ast.Module]:
    """Syntax trees of all modules below `root`/analysis."""
    paths = sorted((root / "analysis").rglob("*.py"))
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def public_names(tree: ast.Module) -> list[str]:
    """Functions, classes and constants at the top of a module whose names have no leading underscore."""
    return [name for statement in tree.body for name in _defined(statement) if not name.startswith("_")]


def names_in_two_modules(house: House) -> set[str]:
    """Public names that two modules define: `name: module, module`."""
    modules = defaultdict(set)
    for path, tree in house.items():
        for name in public_names(tree):
            modules[name].add(path.removeprefix("analysis/"))
    return _repeated(modules, MAY_STAND_TWICE)


def files_of_the_same_name(house: House) -> set[str]:
    """File names in two packages, except outcomes/X.py with outcomes/cohort/X.py: `file: package, package`."""
    packages = defaultdict(set)
    for path in house:
        folder, _, file = path.removeprefix("analysis/").rpartition("/")
        packages[file].add(folder or ".")
    by_subject = {file for file, folders in packages.items() if folders == {"outcomes", "outcomes/cohort"}}
    return _repeated(packages, by_subject | {"__init__.py"})


def modules_named_like_their_only_function(house: House) -> set[str]:
    """Modules with one public function or class, whose name is the module's."""
    found = set()
    for path, tree in house.items():
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        names = [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
        if names == [Path(path).stem]:
            found.add(path)
    return found


def long_modules(root: Path) -> set[str]:
    """Modules with more than 320 lines."""
    paths = (root / "analysis").rglob("*.py")
    return {
        path.relative_to(root).as_posix()
        for path in paths
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }


def upward_imports(house: House) -> set[str]:
    """Imports of a room that lies above or beside, and modules outside all rooms: `module: room`."""
    found = set()
    for path, tree in house.items():
        own = _room(path.removeprefix("analysis/").removesuffix(".py").removesuffix("__init__"))
        if own not in MAY_IMPORT:
            found.add(f"{path}: no room of this name")
            continue
        modules = [name.removeprefix("analysis.") for name in _imported(tree) if name.startswith("analysis.")]
        rooms = {_room(name.replace(".", "/")) for name in modules}
        found |= {f"{path}: {room}" for room in rooms if not _may_import(own, room)}
    return found


def relative_imports(house: House) -> set[str]:
    """Modules with an import such as `from .parts import page`."""
    return {path for path, node in _nodes(house) if isinstance(node, ast.ImportFrom) and node.level}


def private_library_names(house: House) -> set[str]:
    """Private names of libraries outside reporting/kernel: `module: name`.

    A name with a leading underscore counts as the library's where nothing in `analysis/` defines it.
    """
    own = {name for _, node in _nodes(house) for name in _defined(node)} | DOCUMENTED
    found = set()
    for path, node in _nodes(house):
        if not path.startswith("analysis/reporting/kernel/"):
            found |= {f"{path}: {name}" for name in _private_uses(node) if name not in own}
    return found


def prints(house: House) -> set[str]:
    """Modules that call `print`."""
    calls = ((path, node) for path, node in _nodes(house) if isinstance(node, ast.Call))
    return {path for path, call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"}


def imported_test_modules(folder: Path) -> set[str]:
    """Test modules that another one imports: `importing file: module`."""
    found = set()
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        modules = _imported(ast.parse(text)) if re.search(r"(import|from)\s.*\btest_", text) else set()
        found |= {f"{path.name}: {module}" for module in modules if module.startswith("test_")}
    return found


def _repeated(places: Mapping[str, set[str]], allowed: Iterable[str]) -> set[str]:
    return {
        f"{name}: {', '.join(sorted(where))}"
        for name, where in places.items()
        if len(where) > 1 and name not in allowed
    }


def _nodes(house: House) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in house.items():
        for node in _walked(tree):
            yield path, node


@functools.cache
def _walked(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def _room(place: str) -> str:
    """The longest prefix of a place such as outcomes/cohort/scores that is a room."""
    parts = place.strip("/").split("/")
    prefixes = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in MAY_IMPORT), parts[0])


def _may_import(own: str, room: str) -> bool:
    allowed = MAY_IMPORT[own] | (set() if own in BELOW_ALL else BELOW_ALL)
    # "outcomes" covers outcomes/cohort for all rooms but the parts of outcomes
    covering = {name for name in allowed if not own.startswith(f"{name}/")}
    return room == own or room in allowed or any(room.startswith(f"{name}/") for name in covering)


def _imported(tree: ast.AST) -> set[str]:
    """Modules that a syntax tree imports, anywhere in it; names of a package are taken as its modules."""
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def _defined(node: ast.AST) -> list[str]:
    """Names that one statement defines, as attributes too (`self._size = 3`)."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    parts = [part for target in targets for part in getattr(target, "elts", [target])]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names + [part.attr for part in parts if isinstance(part, ast.Attribute) and _is_self(part.value)]


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _private_uses(node: ast.AST) -> list[str]:
    """Names with a leading underscore that one node takes from elsewhere: attributes, `getattr`, imports."""
    names: list[str] = []
    if isinstance(node, ast.Attribute):
        names = [node.attr]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr"):
        names = [word.value for word in node.args[1:2] if isinstance(word, ast.Constant)]
    elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
        names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    elif isinstance(node, ast.Import):
        names = [part for alias in node.names for part in alias.name.split(".")]
    return [name for name in names if name.startswith("_") and not name.startswith("__")]
