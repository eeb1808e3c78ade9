"""Read a YAML file into a record; every mistake names the file, and the line or the field."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from generator.files import plain

T = TypeVar("T")
DEEPEST = 2_000


class Plain:
    """Makes a loader refuse what YAML can say and these files do not.

    A key given twice, of which YAML keeps the last; an alias, with which a few lines hold a billion
    values, or themselves; a text that is no value of its type, such as 2001-99-99.
    """

    def construct_document(self, node: yaml.Node) -> Any:
        """The values of a text; raises ConstructorError where it holds one of the first two."""
        seen, todo = set(), [node]
        while todo:
            node_ = todo.pop()
            if id(node_) in seen:
                refuse("an anchor and an alias: write it out instead", node_)
            seen.add(id(node_))
            if isinstance(node_, yaml.MappingNode):
                refuse_repeated(node_)
                todo += [part for pair in node_.value for part in pair]
            elif not isinstance(node_, yaml.ScalarNode):
                todo += node_.value
        return super().construct_document(node)  # type: ignore[misc]

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of one node; raises ConstructorError where there is none."""
        try:
            value = super().construct_object(node, deep)  # type: ignore[misc]
            if isinstance(value, int):
                str(value)  # Python writes no number of any length
            return value
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            refuse(f"{node.value!s:.40} is no {node.tag.rpartition(':')[2]}", node)


def refuse(why: str, node: yaml.Node) -> NoReturn:
    """Raises ConstructorError for a node."""
    raise yaml.constructor.ConstructorError(None, None, why, node.start_mark)


def refuse_repeated(node: yaml.MappingNode) -> None:
    """Raises ConstructorError at the second of two equal keys of one mapping."""
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                refuse(f"{key.value}: this key is given twice", key)
            seen.add((key.tag, key.value))


class Careful(Plain, yaml.SafeLoader):
    """The loader in Python."""


# Five times as fast, where libyaml is.
Fast: type = type("Fast", (Plain, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})


class BadFile(Exception):
    """A file that a person wrote cannot be used; the message is one line, fit to be shown."""


def read(path: Path, kind: type[T], **identity: Any) -> T:
    """Load `path` as `kind`; `identity` holds fields that the path gives and the file must not.

    Raises BadFile, naming file and line or field, when it is unreadable, malformed or invalid.
    """
    return parse(str(path), kind, read_mapping(path), **identity)


def parse(where: str, kind: type[T], content: dict[str, Any], **identity: Any) -> T:
    """Validate a mapping that was read from `where`; raises BadFile."""
    repeated = sorted(identity.keys() & content.keys())
    if repeated:
        raise BadFile(f"{where}: {repeated[0]}: remove it; the name of the folder or entry says it")
    return validated(where, kind, content | identity)


def validated(where: str, kind: type[T], content: Any) -> T:
    """What was read from `where` as `kind`; raises BadFile."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        raise BadFile(f"{where}: {first_error(error)}") from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Load `path` as a YAML mapping; raises BadFile."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise BadFile(f"{path}: expected a mapping of fields, found {type(content).__name__}")
    return content


def read_yaml(path: Path) -> Any:
    """Load `path` as YAML; raises BadFile with the line where YAML itself is broken."""
    return values(path, read_text(path))


def values(path: Path, text: str) -> Any:
    """The YAML text that was read from `path` as plain values; raises BadFile."""
    try:
        return load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(f"{path}:{line}: {error.problem or 'not valid YAML'}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadFile(f"{path}: not valid YAML ({type(error).__name__})") from error


def read_text(path: Path) -> str:
    """The text of a file that a person wrote, with the line ends that it has.

    Raises BadFile where it cannot be read as UTF-8.
    """
    try:
        return plain(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: byte {error.start} is not UTF-8") from error


@functools.lru_cache(maxsize=512)  # one command reads a challenge's settings several times
def load(text: str) -> Any:
    """A YAML text as plain values, not to be changed; raises yaml.YAMLError or RecursionError.

    libyaml overflows the stack on deep nesting, where the loader in Python raises, so it gets only
    texts that cannot be nested deep: a level takes a column of some line or an opening bracket.
    """
    levels = max(map(len, text.splitlines()), default=0) + text.count("[") + text.count("{")
    return yaml.load(text, Fast if levels < DEEPEST else Careful)  # noqa: S506 - both are safe


def first_error(error: ValidationError) -> str:
    """The first validation error as `field: what is expected (what was found)`."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "(top level)"
    found = (
        ""
        if first["type"] in {"missing", "extra_forbidden"}
        else f" (found {first['input']!r:.60})"
    )
    return f"{field}: {first['msg'].removeprefix('Value error, ')}{found}"
