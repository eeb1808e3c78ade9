"""How a verdict is shown: a mark told apart by its shape, a word, and what it means."""

from __future__ import annotations

from generator.data import Verdict

LABELS: dict[str, str] = {
    Verdict.PASSED: "passes",
    Verdict.WRONG: "wrong",
    Verdict.CRASHED: "crashes",
    Verdict.TIMEOUT: "times out",
    Verdict.DOES_NOT_COMPILE: "no compile",
    Verdict.NOT_BOUND: "not bound",
    Verdict.NOT_TESTABLE: "not testable",
    Verdict.NOT_RUN: "not run",
    Verdict.NO_OUTPUT: "no output",
}
MARKS: dict[str, str] = {
    Verdict.PASSED: "ok",
    Verdict.WRONG: "bad",
    Verdict.CRASHED: "broken",
    Verdict.TIMEOUT: "broken",
    Verdict.DOES_NOT_COMPILE: "void",
    Verdict.NOT_BOUND: "open",
    Verdict.NOT_TESTABLE: "open",
    Verdict.NOT_RUN: "open",
    Verdict.NO_OUTPUT: "none",
}
SENTENCES: dict[str, str] = {
    Verdict.PASSED: "passes every check that decides",
    Verdict.WRONG: "returns wrong results",
    Verdict.CRASHED: "raises an exception",
    Verdict.TIMEOUT: "does not end in time",
    Verdict.DOES_NOT_COMPILE: "does not compile as stored",
    Verdict.NOT_BOUND: "could not be called: its entry points were not found",
    Verdict.NOT_TESTABLE: "has an interface that the checks cannot address",
    Verdict.NOT_RUN: "has not been run: the hardware or software it needs was absent",
    Verdict.NO_OUTPUT: "was entered and produced nothing",
}
MEANS: dict[str, str] = {
    Verdict.PASSED: "Every check that decides the verdict passed.",
    Verdict.WRONG: "Something came back, and it was wrong by more than rounding explains.",
    Verdict.CRASHED: "The output's own code raised an exception on a valid input.",
    Verdict.TIMEOUT: "No answer within the limit.",
    Verdict.DOES_NOT_COMPILE: "The compiler, or Python, refuses the file as stored.",
    Verdict.NOT_BOUND: "The entry points were not found. That blames nobody.",
    Verdict.NOT_TESTABLE: "The interface cannot express the property. That blames nobody.",
    Verdict.NOT_RUN: "What is needed to run it was absent. That blames nobody.",
    Verdict.NO_OUTPUT: "The model was given the task, and its folder holds no code.",
}
