"""Runs in the interpreter that has Inspect: writes one of its evaluation logs for every run.

    python peer_logs.py CORPUS FOLDER

A mock model answers one sample with the run's source, and Inspect's own function writes the log.
The first log is of a real evaluation; the others are copies of it with the other runs' answers,
since thousands of evaluations would take longer than what is to be measured. Imports nothing of
ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes

MODEL = "mockllm/model"


def answer(source: str) -> ModelOutput:
    """A source as the mock model's answer; its tokens are given, lest they be counted online."""
    output = ModelOutput.from_content(MODEL, source)
    output.usage = ModelUsage(input_tokens=100, output_tokens=500, total_tokens=600)
    return output


def evaluated(source: str, folder: Path) -> EvalLog:
    """The log of a real evaluation with one sample; raises RuntimeError if it failed."""
    model = get_model(MODEL, custom_outputs=[answer(source)])
    task = Task(dataset=[Sample(input="Write the kernel.", target="def")], scorer=includes())
    (log,) = evaluate(task, model=model, log_dir=str(folder), display="none")
    if log.status != "success":
        raise RuntimeError(log.error.message if log.error else log.status)
    return log


def main() -> None:
    """One log a run, below FOLDER."""
    corpus, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sources = sorted(corpus.glob("model_*/*/kernel.py"))
    first = evaluated(sources[0].read_text(), folder)
    for number, file in enumerate(sources[1:]):
        log = first.model_copy(deep=True)
        identity = f"{number:022}"
        log.eval.eval_id = log.eval.run_id = log.eval.task_id = identity
        log.eval.task = f"{file.parent.parent.name}-{file.parent.name}"
        assert log.samples
        log.samples[0].output = answer(file.read_text())
        name = f"2026-01-01T00-00-00+00-00_{log.eval.task}_{identity}.eval"
        write_eval_log(log, str(folder / name))


if __name__ == "__main__":
    main()
