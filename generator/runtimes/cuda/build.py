"""From a run's files to libraries that can be called, or to the reason why there are none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from generator.data import Binding, Bound, Challenge, Run
from generator.runtimes.cuda.compiler import Compiler, first_errors
from generator.runtimes.cuda.execute import Libraries
from generator.runtimes.cuda.launcher import Launcher, find
from generator.runtimes.cuda.repair import Repair, ladder
from generator.variants import version

SUFFIXES = (".cu", ".cuh", ".h", ".hpp")
BESIDE_THE_POINT = re.compile(r"(^|[_/])(tests?|demos?|bench(mark)?s?|examples?|main)([_./]|$)")
ROLE = "fused_softmax_topk"
MOST_TRIED = 3  # launchers of one file, where the likelier ones cannot be called


@dataclass(frozen=True)
class Built:
    """One file, compiled. errors: the compiler's output where it failed. reason: why not bound.

    beside: files that it was linked with, since it only declares what they define.
    """

    file: str
    launcher: Launcher | None = None
    libraries: Libraries | None = None
    errors: str = ""
    reason: str = ""
    beside: tuple[str, ...] = ()

    def binding(self, steps: tuple[str, ...]) -> Binding:
        """How the launcher is called, for the reader."""
        if self.launcher is None:
            return Binding(module=self.file, steps=steps, missing=(ROLE,))
        passes: dict[str, int | str] = {
            role: at for at, role in enumerate(self.launcher.roles) if role != "default"
        }
        if self.launcher.templated:
            passes["K"] = "template parameter"
        function = self.launcher.function
        reason = (
            f"its declaration in line {function.line}; indices of {self.launcher.index_bytes} bytes"
        )
        reason += f"; linked with {', '.join(self.beside)}" if self.beside else ""
        bound = Bound(file=self.file, symbol=function.name, passes=passes, reason=reason)
        return Binding(entry={ROLE: bound}, module=self.file, steps=steps)


def candidates(run: Run, challenge: Challenge, compiler: Compiler) -> list[str]:
    """Files that may hold the kernel, the likeliest first: by launcher, version, name."""
    ranked = []
    for artifact in run.artifacts:
        if not artifact.path.endswith(SUFFIXES):
            continue
        text = compiler.source(artifact.path)
        beside = bool(BESIDE_THE_POINT.search(artifact.path.lower()))
        launches = bool(find(text, challenge.entry[ROLE], names(challenge)))
        named = artifact.path.rpartition("/")[2].partition(".")[0] == ROLE
        if "__global__" in text or launches:
            late = -version(artifact.path)
            rank = (beside, not launches, not named, late, len(artifact.path), artifact.path)
            ranked.append(rank)
    return [path for *_, path in sorted(ranked)]


def names(challenge: Challenge) -> tuple[str, ...]:
    """The accepted names of the launcher, the canonical one first."""
    return (ROLE, *challenge.entry[ROLE].names)


def build(
    compiler: Compiler,
    challenge: Challenge,
    file: str,
    ks: Iterable[int],
    others: Iterable[str] = (),
) -> Built:
    """Compile a file as it stands, and of its launchers the first that can be called.

    others: files to link it with, if it does not compile without them.
    """
    compiled = compiler.stored(file)
    beside = tuple(o for o in others if o != file and linked(o)) if compiled.unlinked else ()
    if beside:
        compiled = compiler.stored(file, beside)
    if not compiled.ok:
        return Built(file, errors=compiled.output)
    launchers = find(compiler.source(file), challenge.entry[ROLE], names(challenge))
    if not launchers:
        return Built(file, reason="no host function takes logits, indices, probabilities and sizes")
    wanted = sorted(set(ks))
    tried: list[Built] = []
    for launcher in launchers[:MOST_TRIED]:
        needed = wanted if launcher.templated else [0]
        tried.append(_libraries(compiler, file, launcher, needed, beside))
        if tried[-1].libraries:
            return tried[-1]
    return tried[0]


def linked(file: str) -> bool:
    """Whether a file is a unit of its own, and no test or demonstration."""
    return file.endswith(".cu") and not BESIDE_THE_POINT.search(file.lower())


def _libraries(
    compiler: Compiler, file: str, launcher: Launcher, ks: list[int], beside: tuple[str, ...]
) -> Built:
    """One library, or one for every K of a template. A K that does not compile is refused."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        each = pool.map(lambda k: compiler.library(launcher, file, k, beside), ks)
        made = dict(zip(ks, each, strict=True))
    paths = {str(k): c.library for k, c in made.items() if c.library}
    failed = {k: first_errors(c.output, 1) for k, c in made.items() if not c.library}
    refused = {
        str(k): f"no instance for K = {k}: {' '.join(errors)}" for k, errors in failed.items()
    }
    if not paths:
        reason = f"cannot be called: {'; '.join(refused.values())[:600]}"
        return Built(file, launcher, reason=reason, beside=beside)
    libraries = Libraries(paths, launcher.index_bytes, refused)
    return Built(file, launcher, libraries, beside=beside)


def repaired(
    compiler: Compiler, challenge: Challenge, broken: Built, ks: Iterable[int]
) -> tuple[Repair | None, Built]:
    """Climb the ladder of repairs; the last rung tried, and what it compiles to."""

    def errors_of(text: str) -> str:
        compiler.replace(broken.file, text)
        tried = compiler.stored(broken.file)
        return "" if tried.ok else tried.output or "no message"

    climbed = list(ladder(compiler.source(broken.file), broken.errors, errors_of))
    if not climbed:
        return None, broken
    compiler.replace(broken.file, climbed[-1].text)
    return climbed[-1], build(compiler, challenge, broken.file, ks)
