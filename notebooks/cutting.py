"""Exercises are written once, solved: what a learner opens is cut out of that, and the solved lesson is kept beside it.

A code cell tagged "exercise" holds a solution. What stands between the lines `# solution` and `# end` is cut; in a cell
without such lines, the body of each function, after its docstring and the comments that follow it. A cell tagged
"solution" is in the solved lesson only.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent

from nbformat import NotebookNode

START, END = "# solution", "# end"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TAGGED = re.compile(r"""^# %%.*\btags\W+\[[^]]*["'](exercise|solution)["']""", re.MULTILINE)
LETTERS = 12  # a line of fewer gives nothing away


def has_exercises(source: Path) -> bool:
    """Whether a source has anything that a learner's notebook has not."""
    return bool(TAGGED.search(source.read_text("utf-8")))


def edition(cells: Sequence[NotebookNode], solved: bool) -> list[NotebookNode]:
    """The cells of the learner's notebook, or of the solved one. Raises ``ValueError`` where nothing can be cut."""
    kept = [NotebookNode(cell) for cell in cells if solved or "solution" not in tags(cell)]
    for cell in kept:
        if "exercise" in tags(cell):
            cell.source = whole(cell.source) if solved else stub(cell.source)
    return kept


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def whole(code: str) -> str:
    """An exercise as solved, without the marks."""
    return "\n".join(line for line in code.splitlines() if line.strip() not in (START, END))


def stub(code: str) -> str:
    """An exercise as a learner meets it: code that runs, with `...` for what is to be written.

    A function returns `...`, and a variable is `...`, so that a check can tell what is not answered from what is wrong.
    """
    lines = code.splitlines()
    for first, last in reversed(_cuts(code)):
        lines[first:last] = [_stand_in(code, first, last)]
    made = whole("\n".join(lines))
    for function in _functions(ast.parse(made)):
        _refuse_if_it_would_fail(function)
    return made


def cut_lines(code: str) -> list[str]:
    """The lines of an exercise that its stub leaves out."""
    lines = code.splitlines()
    return [line for first, last in _cuts(code) for line in lines[first:last]]


def hidden(cells: Sequence[NotebookNode]) -> list[str]:
    """The lines of a source that a learner must not meet: of LETTERS letters at least, their spaces made even.

    What an exercise cuts must stand nowhere else. A "solution" cell may repeat lines of the lesson, such as a call.
    """
    shown = {_even(line) for cell in edition(cells, solved=False) for line in cell.source.splitlines()}
    cut = [_even(line) for cell in cells if "exercise" in tags(cell) for line in cut_lines(cell.source)]
    told = [_even(line) for cell in cells if "solution" in tags(cell) for line in cell.source.splitlines()]
    found = dict.fromkeys(cut + [line for line in told if line not in shown])
    return [line for line in found if sum(map(str.isalpha, line)) >= LETTERS]


def leaks(notebook: NotebookNode, lines: Sequence[str]) -> list[str]:
    """Which of the hidden lines a notebook shows, in its cells or in their outputs."""
    text = _even("\n".join(part for cell in notebook.cells for part in [cell.source, *output_texts(cell)]))
    return [line for line in lines if line in text]


def output_texts(cell: NotebookNode) -> list[str]:
    """All that a cell has shown in letters; of HTML also what a reader sees of it."""
    found = []
    for output in cell.get("outputs", []):
        shown = {"text": output.get("text", ""), "error": "\n".join(output.get("traceback", []))}
        shown |= {kind: text for kind, text in output.get("data", {}).items() if kind.startswith("text/")}
        found += [*shown.values(), html.unescape(re.sub(r"<[^>]*>", "", shown.get("text/html", "")))]
    return found


def checks(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """For each cell that calls a check: the names of its checks, and what it has shown."""
    for cell in notebook.cells:
        called = re.findall(r"\bcheck\.(\w+)\(", cell.source) if cell.cell_type == "code" else []
        if called:
            yield ", ".join(called), "\n".join(output_texts(cell))


def one_folder_below(markdown: str) -> str:
    """A lesson's words with their links to its neighbours, for a notebook in a folder below."""
    return re.sub(r"\]\((?:\./)?(?=[\w./-]+\.\w{2,5}[)#])", "](../", markdown)


def _even(text: str) -> str:
    return " ".join(text.split())


def _cuts(code: str) -> list[tuple[int, int]]:
    """What is to be cut: from which line, and before which."""
    found = _marked(code.splitlines()) or [_body(function, code) for function in _functions(_parsed(code))]
    if not found:
        raise ValueError(f"This exercise has nothing to cut: put {START!r} and {END!r} around its answer.\n\n{code}")
    return found


def _marked(lines: list[str]) -> list[tuple[int, int]]:
    marks = [number for number, line in enumerate(lines) if line.strip() in (START, END)]
    if [lines[number].strip() for number in marks] != [START, END] * (len(marks) // 2):
        raise ValueError(f"Each {START!r} needs an {END!r} before the next one.\n\n" + "\n".join(lines))
    return [(first + 1, last) for first, last in zip(marks[::2], marks[1::2])]


def _body(function: ast.FunctionDef, code: str) -> tuple[int, int]:
    """The body of a function after its docstring, and after comments that stand before its first statement."""
    rest = function.body[ast.get_docstring(function) is not None :]
    if not rest or rest[0].lineno == function.lineno:
        raise ValueError(f"{function.name} has no lines of its own that could be cut.\n\n{code}")
    decorators = [part.lineno for part in getattr(rest[0], "decorator_list", [])]
    return min([rest[0].lineno, *decorators]) - 1, rest[-1].end_lineno or 0


def _functions(tree: ast.Module | ast.ClassDef) -> list[ast.FunctionDef]:
    """The functions and methods in order; one inside another belongs to the outer one."""
    found: list[ast.FunctionDef] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found += _functions(node)
        elif isinstance(node, FUNCTIONS):
            found.append(node)
    return found


def _stand_in(code: str, first: int, last: int) -> str:
    """The line that stands for lines that are cut: `return ...` for the end of a function.

    Elsewhere it is `name = ...`, for what the cut lines set last, or for the lines below them.
    """
    body, tree = "\n".join(code.splitlines()[first:last]), _parsed(code)
    statements = _parsed(dedent(body)).body
    if not statements:
        raise ValueError(f"No code stands between {START!r} and {END!r}.\n\n{code}")
    margin = re.search(r"^( *)[^\s#]", body, re.MULTILINE)[1]
    whose = [f for f in _functions(tree) if f.lineno <= first < (f.end_lineno or 0) <= last]
    if whose and whose[0].name != "__init__":
        return f"{margin}return ..."
    below = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.lineno > last]
    wanted = {name.id for name in below} - {name.id for name in below if isinstance(name.ctx, ast.Store)}
    cut = [node for part in statements for node in ast.walk(part) if isinstance(node, ast.Name)]
    needed = [name.id for name in cut if isinstance(name.ctx, ast.Store) and name.id in wanted]
    names = dict.fromkeys(needed + _set_by(statements[-1]))
    return margin + " = ".join([*names, "..."])


def _set_by(statement: ast.stmt) -> list[str]:
    """What a statement gives a value."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return [statement.name]
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else getattr(statement, "targets", [])
    return [ast.unparse(name) for target in targets for name in getattr(target, "elts", [target])]


def _refuse_if_it_would_fail(function: ast.FunctionDef) -> None:
    """Raise ``ValueError`` for a stub that computes with `...`, or returns anything else."""
    if function.name == "__init__" or not any(map(_is_open, ast.walk(function))):
        return
    after = [number for number, node in enumerate(function.body) if _is_open(node)]
    rest = function.body[after[0] :] if after else []
    names = {ast.unparse(target) for node in rest if isinstance(node, ast.Assign) for target in node.targets}
    fine = [_is_open(node) or isinstance(node, ast.Return) and ast.unparse(node)[7:] in names for node in rest]
    if not fine or not all(fine):
        raise ValueError(
            f"Without its answer {function.name} would fail, or return something: cut all from there to its end, or "
            f"keep no more than a `return` of a name that was cut.\n\n{ast.unparse(function)}"
        )


def _is_open(node: ast.AST) -> bool:
    """Whether a statement is a stand-in."""
    value = getattr(node, "value", None) if isinstance(node, ast.stmt) else None
    return isinstance(value, ast.Constant) and value.value is ...


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"An exercise must be whole statements of Python ({error.msg}).\n\n{code}") from error
