"""Binding: entry points are found by name, signature and exports, and the reason is recorded."""

from __future__ import annotations

from pathlib import Path

from generator.binding import bind
from generator.binding.exports import LONGEST_FILE, MOST_METHODS, parsable, read_exports
from generator.data import Artifact, Challenge, EntryPoint, Group
from generator.storedrun import load_run

ENTRY = {
    "layer_norm_forward": EntryPoint(
        names=("ln_fwd",),
        params={"x": ("inp",), "gamma": ("weight",), "beta": ("bias",), "eps": ("epsilon",)},
    ),
    "layer_norm_backward": EntryPoint(
        names=("ln_bwd",), params={"dy": ("dout",), "cache": ("ctx",)}
    ),
}
CHALLENGE = Challenge(
    slug="backwards",
    title="t",
    difficulty="Medium",
    runtime="numpy",
    summary="s",
    entry=ENTRY,
    groups={"g": Group(weight=1)},
    checks={},
)
RIGHT = (
    "def layer_norm_forward(x, gamma, beta, eps=1): ...\ndef layer_norm_backward(dy, cache): ...\n"
)


def bound(tmp_path: Path, adapters: dict[str, str] | None = None, **files: str):  # type: ignore[no-untyped-def]
    """The best binding of a run made of these files (double underscores in a name are slashes)."""
    run = tmp_path / "m" / "backwards"
    for name, text in files.items():
        path = run / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return bind(load_run(run, "m", "backwards"), CHALLENGE, adapters or {})[0]


def test_exact_names_are_bound_by_position(tmp_path: Path) -> None:
    """Canonical parameters are passed by position where nothing stands between them."""
    found = bound(tmp_path, layer_norm=RIGHT)
    assert found.ok
    assert found.entry["layer_norm_forward"].passes == {"x": 0, "gamma": 1, "beta": 2, "eps": 3}


def test_normalised_names_and_aliases_are_bound(tmp_path: Path) -> None:
    """layernorm_forward(inp, bias, weight, *, epsilon) is the same function in other words."""
    text = (
        "def layernorm_forward(inp, bias, weight, axis=-1, *, epsilon=1e-5): ...\n"
        "def layernorm_backward(ctx, dout): ...\n"
    )
    found = bound(tmp_path, code=text)
    assert found.entry["layer_norm_forward"].passes == {
        "x": 0, "beta": 1, "gamma": 2, "eps": "epsilon",
    }  # fmt: skip
    assert found.entry["layer_norm_backward"].passes == {"cache": 0, "dy": 1}


def test_unknown_parameter_names_are_paired_in_order(tmp_path: Path) -> None:
    """Parameters that no alias names follow the prompt's order, if the function's name is right."""
    text = "def layer_norm_forward(a, b, c, d): ...\ndef layer_norm_backward(p, q): ...\n"
    assert bound(tmp_path, code=text).entry["layer_norm_backward"].passes == {"dy": 0, "cache": 1}


def test_static_methods_are_found(tmp_path: Path) -> None:
    """A class that only groups static functions needs no adapter."""
    text = (
        "class LN:\n"
        "    @staticmethod\n    def layer_norm_forward(x, gamma, beta, eps): ...\n"
        "    @classmethod\n    def layer_norm_backward(cls, dy, cache): ...\n"
    )
    found = bound(tmp_path, code=text)
    assert found.entry["layer_norm_forward"].symbol == "LN.layer_norm_forward"
    assert found.entry["layer_norm_backward"].passes == {"dy": 0, "cache": 1}


def test_the_defining_file_wins_over_tests_and_demonstrations(tmp_path: Path) -> None:
    """A copy in a test, a demonstration or a plain version is not what the author handed in."""
    found = bound(tmp_path, a_demo=RIGHT, test_it=RIGHT, naive=RIGHT, solution=RIGHT)
    assert found.module == "solution.py"


def test_of_variants_the_one_that_other_files_take_is_bound(tmp_path: Path) -> None:
    """The one that is imported under its own name; another is renamed to be compared with."""
    public = "from lib.tiled import layer_norm_forward, layer_norm_backward\n"
    compared = "from lib.plain import layer_norm_forward as plain\nimport lib.plain\n"
    found = bound(tmp_path, lib__plain=RIGHT, lib__tiled=RIGHT, api=public, c=compared)
    assert found.module == "lib/tiled.py"


def test_of_numbered_variants_the_last_is_bound(tmp_path: Path) -> None:
    """Version 10 is later than version 2, and a file without a number comes before both."""
    numbered = {"norm_v2": RIGHT, "norm_v10": RIGHT}
    assert bound(tmp_path / "a", **numbered).module == "norm_v10.py"
    assert bound(tmp_path / "b", **numbered, norm_x=RIGHT).module == "norm_x.py"


def test_a_broken_file_is_a_step_and_the_rest_is_bound(tmp_path: Path) -> None:
    """A syntax error in one file is recorded; another file still binds."""
    found = bound(tmp_path, broken="def (", good=RIGHT)
    assert found.ok
    assert any("broken.py: not read as Python" in step for step in found.steps)


def test_an_adapter_is_chosen_by_exports(tmp_path: Path) -> None:
    """A class interface is bound through the adapter that recognises most of what it exports."""
    adapters = {
        "small.py": 'EXPORTS = {"LayerNorm": ()}\n',
        "full.py": 'EXPORTS = {"LayerNorm": ("forward", "backward")}\n',
    }
    text = "class LayerNorm:\n    def forward(self): ...\n    def backward(self): ...\n"
    found = bound(tmp_path, adapters, layer=text)
    assert (found.ok, found.adapter, found.module) == (True, "full.py", "layer.py")


def test_nothing_that_fits_is_not_bound_with_reasons(tmp_path: Path) -> None:
    """A run without the entry points names what is missing; that is no failure of the model."""
    found = bound(tmp_path, notes="def helper(): ...\n")
    assert not found.ok
    assert found.missing == ("layer_norm_forward", "layer_norm_backward")
    assert any(step.startswith("wanted:") for step in found.steps)


def test_missing_packages_become_placeholders(tmp_path: Path) -> None:
    """A package that is not installed and not optional is named; one in a try block is not."""
    text = (
        "import not_a_package_here\ntry:\n    import nor_this\nexcept ImportError:\n    pass\n"
        + RIGHT
    )
    assert bound(tmp_path, code=text).placeholders == ("not_a_package_here",)


def test_a_method_of_a_class_without_arguments_is_a_candidate(tmp_path: Path) -> None:
    """A class that needs no arguments to be made can be bound like a set of functions."""
    text = (
        "class LN:\n"
        "    def layer_norm_forward(self, x, gamma, beta, eps): ...\n"
        "    def layer_norm_backward(self, dy, cache): ...\n"
    )
    assert bound(tmp_path, code=text).entry["layer_norm_backward"].passes == {"dy": 0, "cache": 1}


def test_a_naive_twin_in_the_same_file_is_not_the_entry(tmp_path: Path) -> None:
    """The author's own reference beside the entry point is passed over."""
    text = RIGHT.replace("layer_norm_backward", "my_layer_norm_backward")
    twin = "def naive_layer_norm_backward(dy, cache): ...\n"
    found = bound(tmp_path, code=twin + text)
    assert found.entry["layer_norm_backward"].symbol == "my_layer_norm_backward"


def test_handed_on_keywords_are_parameters(tmp_path: Path) -> None:
    """f(x, **kwargs) that calls g(x, **kwargs) has the parameters of g, less those it passes."""
    text = (
        "def inner(inp, weight, bias, epsilon): ...\n"
        "def layer_norm_forward(inp, **kwargs):\n    return inner(inp, **kwargs)\n"
        "def layer_norm_backward(dy, cache): ...\n"
    )
    found = bound(tmp_path, code=text)
    assert found.entry["layer_norm_forward"].passes == {
        "x": 0, "gamma": "weight", "beta": "bias", "eps": "epsilon",
    }  # fmt: skip


def test_a_private_helper_with_a_fitting_signature_comes_last(tmp_path: Path) -> None:
    """By signature alone, a public function is the entry before a private one."""
    twin = "def _work(dy, cache): ...\ndef pull(dy, cache): ...\n"
    found = bound(tmp_path, code="def layer_norm_forward(x, gamma, beta, eps): ...\n" + twin)
    assert found.entry["layer_norm_backward"].symbol == "pull"


def test_a_role_of_one_parameter_is_not_bound_by_its_signature(tmp_path: Path) -> None:
    """That a function takes a cache does not say whether it tells its length or its bytes."""
    roles = {"length_of": EntryPoint(names=("lens",), params={"cache": ("state",)})}
    challenge = CHALLENGE.model_copy(update={"entry": roles})
    run = tmp_path / "m" / "backwards"
    run.mkdir(parents=True)
    (run / "code.py").write_text("def nbytes(state): ...\n")
    assert not bind(load_run(run, "m", "backwards"), challenge, {})[0].ok
    (run / "code.py").write_text("def nbytes(state): ...\ndef seq_lens(state): ...\n")
    found = bind(load_run(run, "m", "backwards"), challenge, {})[0]
    assert found.entry["length_of"].symbol == "seq_lens"


def test_a_function_that_takes_anything_is_not_bound_by_its_signature(tmp_path: Path) -> None:
    """A stand-in for a missing decorator takes *args and **kwargs, and is no entry."""
    assert not bound(tmp_path, code="def njit(*args, **kwargs): ...\n").entry


def test_a_function_with_another_role_is_not_bound_by_its_signature(tmp_path: Path) -> None:
    """Two optional roles of one signature do not make one function both."""
    params = {"dy": (), "cache": ()}
    roles = ENTRY | {"again": EntryPoint(names=(), params=params, required=False)}
    challenge = CHALLENGE.model_copy(update={"entry": roles})
    run = tmp_path / "m" / "backwards"
    run.mkdir(parents=True)
    (run / "code.py").write_text(RIGHT)
    assert "again" not in bind(load_run(run, "m", "backwards"), challenge, {})[0].entry


def test_a_function_that_returns_its_own_is_told_apart(tmp_path: Path) -> None:
    """An adapter can ask for `f()`; a function that only defines and calls one is plain."""
    closing = "def norm(x):\n    def back(dy): ...\n    return x, back\n"
    plain = "def norm(x):\n    def help(y): ...\n    return help(x)\n"
    for text, expected in ((closing, True), (plain, False)):
        file = tmp_path / "code.py"
        file.write_text(text)
        assert ("norm()" in read_exports(file, "code.py").names()) is expected


def test_an_expression_too_deep_to_be_walked_is_a_problem_of_its_file(tmp_path: Path) -> None:
    """Python reads such a file, and its tree is deeper than the stack: another file is bound."""
    chain = f"@wrap{'.again' * 1500}\n"
    method = f"class Norm:\n    {chain}    def layer_norm_forward(self): ...\n"
    binding = bound(tmp_path, a=method, b=RIGHT)
    assert binding.module == "b.py"
    assert sum("RecursionError" in step for step in binding.steps) == 1


def test_a_decorator_too_deep_to_be_walked_keeps_no_function_from_being_found(
    tmp_path: Path,
) -> None:
    """How a plain function is decorated says nothing of how it is called."""
    deep = f"@wrap{'.again' * 1500}\ndef layer_norm_forward(x, gamma, beta, eps): ...\n"
    assert bound(tmp_path, a=deep).entry["layer_norm_forward"].file == "a.py"


def test_more_parameters_than_a_role_has_are_soon_refused(tmp_path: Path) -> None:
    """A hundred thousand of them must not take hours to be paired."""
    many = ", ".join(f"p{n}" for n in range(100_000))
    binding = bound(tmp_path, a=f"def layer_norm_forward({many}): ...\n", b=RIGHT)
    assert binding.module == "b.py"


def test_what_a_class_inherits_is_read_up_to_a_limit(tmp_path: Path) -> None:
    """A long line of classes, each with a method more, would hold the square of its length."""
    line = "class C0: ...\n"
    line += "".join(f"class C{n}(C{n - 1}):\n  def m{n}(s): ...\n" for n in range(1, 2000))
    file = tmp_path / "code.py"
    file.write_text(line)
    found = read_exports(file, "code.py").classes
    assert found["C2"] == ("m2", "m1")
    assert len(found["C1999"]) == MOST_METHODS


def test_no_more_source_is_parsed_than_takes_minutes() -> None:
    """Of a run, the smallest files: one that is too long, or too many long ones, hide no kernel."""
    sizes = {"a.py": LONGEST_FILE + 1, "kernel.py": 300, "notes.md": 1}
    sizes |= {f"b{number}.py": LONGEST_FILE for number in range(9)}
    artifacts = [Artifact(path=path, sha256="0" * 64, bytes=size) for path, size in sizes.items()]
    assert parsable(artifacts) == {"kernel.py", *(f"b{number}.py" for number in range(4))}
