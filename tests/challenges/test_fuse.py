"""The fuse challenge: its float64 reference, its checks, and the strength of both on a CPU."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from challenges.fuse.kernel_tests import ROW_BLOCK, cases, check
from challenges.fuse.reference import LANES, Sum, by_lanes, pairwise, reference, softmax
from challenges.kit import Case
from generator.runtimes.cuda.compiler import nvcc
from generator.runtimes.cuda.device import no_device
from generator.trial import mutants

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "challenges" / "fuse"


def honest(call: dict[str, Any], total: Sum = pairwise) -> dict[str, Any]:
    """A float32 answer by sorting, in the shape that the driver returns."""
    x, k = call["logits"], call["K"]
    idx = np.argsort(-x, axis=1, kind="stable")[:, :k].astype(np.int32)
    return {
        "idx": idx,
        "probs": np.take_along_axis(softmax(x, total), idx, axis=1),
        "logits_after": hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest(),
        "guards_intact": True,
        "work_space": 0,
    }


def ok(case: Case, got: list[dict[str, Any]]) -> bool:
    """Whether every finding holds."""
    return all(finding.ok for finding in check(case, got))


def test_reference_is_softmax_by_its_definition() -> None:
    """exp(x) / sum(exp(x)) in extended precision, the largest first."""
    x = np.random.default_rng(0).normal(size=(3, 50))
    weights = np.exp(x.astype(np.longdouble))
    expected = np.sort(weights / weights.sum(1, keepdims=True), axis=1)[:, ::-1][:, :7]
    assert np.allclose(reference(x, 7)["probs"], expected.astype(float), rtol=1e-13)


def test_a_shift_of_all_logits_changes_nothing() -> None:
    """Softmax is invariant; a shift by a power of two is exact in these numbers."""
    x = np.random.default_rng(1).integers(-50, 50, size=(4, 99)).astype(float)
    assert np.array_equal(reference(x, 99)["probs"], reference(x + 1024, 99)["probs"])


def test_an_honest_answer_passes_every_case() -> None:
    """Sorting in float32 fails nothing, on two seeds."""
    for seed in (0, 1):
        for case in cases(seed):
            assert ok(case, [honest(dict(call)) for call in case.calls]), case.id


def test_every_order_of_summation_adds_the_same_weights() -> None:
    """In float64 the sums of a thread, a warp, a block agree with NumPy's, remainder included."""
    weights = np.random.default_rng(2).random((3, 1021))
    for lanes in LANES:
        assert np.allclose(by_lanes(weights, lanes), pairwise(weights), rtol=1e-13)


@pytest.mark.parametrize("lanes", [8, 64, 512])
def test_sums_in_sequence_are_within_the_bound(lanes: int) -> None:
    """A block that adds its threads' sums one after another is right, whatever its size."""
    total = partial(by_lanes, lanes=lanes)
    for seed in range(6):
        for case in cases(seed):
            if case.check in {"last_element", "large_k"}:
                assert ok(case, [honest(dict(call), total) for call in case.calls]), case.id


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda g: g | {"idx": g["idx"][:, ::-1]}, "descending"),
        (lambda g: g | {"idx": np.full_like(g["idx"], g["idx"][0, 0])}, "distinct"),
        (lambda g: g | {"idx": g["idx"] + 10**6}, "in range"),
        (lambda g: g | {"idx": np.roll(g["idx"], 1, axis=0)}, "the largest"),
        (lambda g: g | {"idx": g["idx"].astype(float)}, "indices"),
        (lambda g: g | {"probs": g["probs"] * 1.001}, "probs"),
        (lambda g: g | {"probs": g["probs"][:, :-1]}, "probs"),
        (lambda g: g | {"probs": np.full_like(g["probs"], np.nan)}, "probs"),
        (lambda g: g | {"guards_intact": False}, "guards"),
        (lambda g: g | {"logits_after": "other"}, "logits unchanged"),
        (lambda _g: {}, "indices"),
    ],
)
def test_each_wrong_answer_is_named(change: Any, name: str) -> None:
    """The finding that fails says what is wrong."""
    case = next(case for case in cases(3) if case.id == "small_vocabularies_5x1000_k32")
    findings = check(case, [change(honest(dict(case.calls[0])))])
    assert name in {finding.name for finding in findings if not finding.ok}


def test_work_space_of_a_block_of_rows_is_too_much() -> None:
    """Eight rows of logits are the limit, and a call that was not measured does not pass."""
    case = next(case for case in cases(0) if case.check == "no_full_softmax")
    got = honest(dict(case.calls[0]))
    limit = ROW_BLOCK * case.calls[0]["logits"].shape[1] * 4
    assert ok(case, [got | {"work_space": limit - 1}])
    assert not ok(case, [got | {"work_space": limit}])
    assert not ok(case, [{key: got[key] for key in got if key != "work_space"}])


def test_every_mutant_is_one_edit_of_an_honest_kernel() -> None:
    """Each edit applies exactly once, and there are enough of them."""
    assert len(mutants(FOLDER)) >= 12
    assert len(list(FOLDER.glob("honest/*.cu"))) >= 3


@pytest.mark.slow
@pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")
def test_our_own_kernels_compile_without_a_gpu(tmp_path: Path) -> None:
    """The reference, the read roof, and every honest variant."""
    import subprocess

    for file in (FOLDER / "reference.cu", FOLDER / "roof.cu", *FOLDER.glob("honest/*.cu")):
        command = [nvcc(), "-cubin", "-arch=sm_90", str(file), "-o", str(tmp_path / "out.cubin")]
        assert subprocess.run(command, check=False).returncode == 0, file.name


@pytest.mark.gpu
@pytest.mark.skipif(bool(no_device()), reason="no GPU, or no CuPy")
def test_on_a_gpu_the_reference_and_honest_variants_pass_and_mutants_die() -> None:
    """One seed of what `python -m generator check --mutants` does with twenty."""
    from generator.discover import load_challenges
    from generator.runtimes.cuda.trial import trial

    outcomes = list(trial(load_challenges(ROOT / "challenges")["fuse"], ROOT, 1))
    assert outcomes
    assert [outcome for outcome in outcomes if not outcome.as_expected] == []
