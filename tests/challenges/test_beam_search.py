"""Beam search: the reference against brute force, and the interfaces the driver understands."""

import inspect
import textwrap
import types
from pathlib import Path

import numpy as np
import pytest

from challenges.beam_search import kernel_tests
from challenges.beam_search.reference import Script, Search, beam_search, exhaustive, log_softmax
from tests.challenges.child import adapter_of, driver_of

FOLDER = Path(kernel_tests.__file__).parent
CASES = kernel_tests.cases(0)
DRIVER = driver_of(FOLDER)
OWN_MODEL = "own_model_matches_reference"
TELLING = {
    "random_without_eos", "random_with_eos", "more_beams_than_tokens", "very_negative_logprobs",
    "max_new_tokens_zero", "batch_items_do_not_mix", "output_is_well_formed", OWN_MODEL,
}  # fmt: skip

LOG_SOFTMAX = """
import numpy as np

def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))
"""

SEARCH = """
def batched_beam_search(prompts, beam_width, max_new_tokens, alpha, eos_token_id, model=None):
    results = []
    for prompt in prompts:
        beams = [([], 0.0)]
        for _ in range(max_new_tokens):
            pool = [b for b in beams if b[0][-1:] == [eos_token_id]]
            for tokens, total in beams:
                if tokens[-1:] == [eos_token_id]:
                    continue
                lp = ASK(model, list(prompt) + tokens)
                for t in np.argsort(-lp)[: 2 * beam_width].tolist():
                    pool.append((tokens + [t], total + lp[t]))
            pool.sort(key=lambda b: -b[1] / len(b[0]) ** alpha)
            beams = pool[:beam_width]
        scored = [(tokens, total / max(len(tokens), 1) ** alpha) for tokens, total in beams]
        results.append(scored)
    return RESULT(prompts, results)
"""

ASK = {
    "last position": "log_softmax(model.forward(p))",
    "all positions": "log_softmax(model.forward(p)[-1])",
    "batch, last position": "log_softmax(model.forward(np.array([p, p])))[1]",
    "batch, all positions": "log_softmax(model.forward(np.array([p]))[:, -1, :])[0]",
    "a row for one prefix": "log_softmax(model.forward(p)[0])",
    "all positions of a row for one prefix": "log_softmax(model.forward(np.array(p))[0, -1])",
    "a pair": "log_softmax(model.forward(p)[0]) if isinstance(model.forward(p), tuple) else 1 / 0",
    "a list": "log_softmax(np.array(model.forward(p) + []))",
    "log-probabilities": "model.get_log_probs(np.array(p))",
    "a call": "log_softmax(model(p))",
    "an unknown method": "log_softmax(model.logits_after(p))",
    "an unknown method of log-probabilities": "model.next_logprobs(p)",
    "probabilities": "np.log(model.next_probs(p))",
    "by keyword": "log_softmax(model.forward(token_ids=p))",
    "padded on the left with a mask": """log_softmax(model.forward(
        np.array([[0, *p]]), attention_mask=np.array([[0] + [1] * len(p)])))[0]""",
    "padded on the right with lengths": """log_softmax(model.forward(
        np.array([[*p, 0]]), np.array([len(p)])))[0]""",
    "as many as the vocabulary size says": "log_softmax(model.forward(p)[: model.vocab_size])",
}

RESULT = {
    "lists": "r",
    "tuples of float32": "tuple(tuple((np.array(t), np.float64(s)) for t, s in b) for b in r)",
    "score first": "[[(s, t) for t, s in b] for b in r]",
    "dicts": "[[{'sequence': t, 'score': s, 'logprob': 1.0} for t, s in b] for b in r]",
    "the prompt included": "[[(list(p) + t, s) for t, s in b] for p, b in zip(prompts, r)]",
    "by index": "dict(enumerate(r))",
    "by name": "{f'prompt_{i}': b for i, b in enumerate(r)}",
    "an object a prompt": "[{'prompt': p, 'beams': b} for p, b in zip(prompts, r)]",
    "parallel lists": "([[t for t, _ in b] for b in r], [[s for _, s in b] for b in r])",
    "parallel lists by name": """{
        'sequences': [[t for t, _ in b] for b in r], 'scores': [[s for _, s in b] for b in r]}""",
    "a rank first": "[[(i, s, t) for i, (t, s) in enumerate(b)] for b in r]",
    "padded arrays": """{
        'sequences': [np.array([t + [-1] * (9 - len(t)) for t, _ in b]) for b in r],
        'scores': [np.array([s for _, s in b]) for b in r]}""",
    "padded with the end token, lengths beside": """{
        'sequences': [np.array([t + [0] * (9 - len(t)) for t, _ in b]) for b in r],
        'scores': [[s for _, s in b] for b in r],
        'lengths': [[len(t) for t, _ in b] for b in r]}""",
    "arrays of each prompt, lengths beside": """[(
        np.array([t + [0] * (9 - len(t)) for t, _ in b]), np.array([s for _, s in b]),
        np.array([len(t) for t, _ in b])) for b in r]""",
    "arrays of each prompt, scores first": """[(
        np.array([s for _, s in b]), np.array([t + [-1] * (9 - len(t)) for t, _ in b]))
        for b in r]""",
    "arrays of each prompt by name": """[{
        'tokens': np.array([t + [0] * (9 - len(t)) for t, _ in b]),
        'raw': np.ones(len(b)), 'scores': np.array([s for _, s in b]),
        'lengths': [len(t) for t, _ in b]} for b in r]""",
    "arrays of all prompts, lengths beside": """tuple(map(np.array, (
        [[t + [0] * (9 - len(t)) for t, _ in b] for b in r],
        [[s for _, s in b] for b in r], [[len(t) for t, _ in b] for b in r])))""",
    "statistics beside": "(r, {'steps': 3})",
    "statistics of each prompt beside": "[(b, {'beams': len(b)}) for b in r]",
    "a flag more": "[[(t, s, t[-1:] == [0]) for t, s in b] for b in r]",
}


class GivenEntry:
    """What a driver is given for a source; unknown parameters are dropped as in the sandbox."""

    def __init__(self, source):
        self.module = types.ModuleType("foreign")
        exec(compile(textwrap.dedent(source), "foreign.py", "exec"), self.module.__dict__)
        self._function = self.module.batched_beam_search

    def raw(self, _role):
        return self._function

    def batched_beam_search(self, **given):
        known = inspect.signature(self._function).parameters
        return self._function(**{name: value for name, value in given.items() if name in known})


def foreign(ask="log_softmax(model.forward(p))", result="r", more=""):
    """A right search that asks its model and returns its result in the given way."""
    ways = f"def ASK(model, p):\n    return {ask}\n\ndef RESULT(prompts, r):\n    return {result}\n"
    return LOG_SOFTMAX + SEARCH + ways + textwrap.dedent(more)


def verdicts(source, checks=TELLING, entry=None):
    """Check -> True, False, or why it is not testable. entry: what the driver is given."""
    found = {}
    for case in CASES:
        if case.check in checks:
            given = entry or GivenEntry(source)
            got = [DRIVER["drive"](given, dict(call)) for call in case.calls]
            reasons = [items["not_testable"] for items in got if "not_testable" in items]
            held = reasons[0] if reasons else all(f.ok for f in kernel_tests.check(case, got))
            found[case.check] = held if found.get(case.check, True) is True else found[case.check]
    return found


def assert_right(source, untestable=frozenset({OWN_MODEL}), entry=None):
    """Every check holds or is not testable, as its own model where it has none."""
    found = verdicts(source, entry=entry)
    assert [check for check, held in found.items() if held is False] == []
    assert {check for check, held in found.items() if held is not True} <= untestable


def random_search(seed):
    """A search that a brute force can follow: K is larger than the number of sequences."""
    r = np.random.default_rng(seed)
    vocabulary, steps = int(r.integers(2, 5)), int(r.integers(1, 4))
    table = r.normal(size=(101, vocabulary)) * 2
    search = Search(200, steps, float(r.uniform(-1, 2)), int(r.integers(vocabulary)))
    return Script({"table": table}), r.integers(vocabulary, size=3).tolist(), search


@pytest.mark.parametrize("seed", range(20))
def test_reference_is_exhaustive_with_enough_beams(seed):
    """With more beams than sequences, beam search returns all sequences in brute force's order."""
    script, prompt, search = random_search(seed)
    beams, _ = beam_search(script.logprobs, prompt, search)
    everything = exhaustive(script.logprobs, prompt, search)
    assert [b.tokens for b in beams] == [b.tokens for b in everything]


def test_probabilities_of_all_sequences_sum_to_one():
    """The exhaustive search leaves no sequence out and counts none twice."""
    script, prompt, search = random_search(3)
    total = sum(np.exp(sum(b.logprobs)) for b in exhaustive(script.logprobs, prompt, search))
    assert total == pytest.approx(1)


def test_log_softmax_does_not_see_an_offset():
    """Adding a constant to the logits leaves log-probabilities as they are."""
    row = np.random.default_rng(0).normal(size=9) * 300
    assert np.allclose(log_softmax(row), log_softmax(row + 4096), atol=1e-9)


def test_driver_and_reference_read_a_script_alike():
    """The model handed to an output and the reference's answer every prefix with the same row."""
    for case in CASES:
        for call in (call for call in case.calls if "table" in call):
            model, script = DRIVER["LanguageModel"](call, DRIVER["Dialect"]()), Script(call)
            for prompt in (*call["prompts"], *call.get("special", [])):
                assert np.array_equal(model.forward(prompt), script.logits(prompt))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("way", ASK)
def test_ways_to_ask_the_model(way):
    """A right search is right however it asks; probabilities cannot tell what underflows."""
    untestable = {OWN_MODEL, "very_negative_logprobs"} if way == "probabilities" else {OWN_MODEL}
    assert_right(foreign(ask=ASK[way]), untestable)


@pytest.mark.parametrize("way", RESULT)
def test_ways_to_return_the_beams(way):
    """A right search is right however it lays out its result."""
    assert_right(foreign(result=RESULT[way]))


@pytest.mark.parametrize(
    "result",
    [
        "[{' '.join(map(str, t)): s for t, s in b} for b in r], [t for b in r for t, _ in b]",
        "{'best': (r[0][0][0], [s for _, s in r[0]])}",
    ],
    ids=["tokens as text", "the best tokens and all scores"],
)
def test_a_result_that_nobody_can_read_is_not_called_wrong(result):
    """Tokens and scores are there, but which belong together is not known."""
    found = verdicts(foreign(result=result), TELLING - {OWN_MODEL, "max_new_tokens_zero"})
    assert all("no beams can be read" in str(held) for held in found.values()), found


@pytest.mark.parametrize("result", ["[[t for t, _ in b] for b in r]", "[[] for _ in r]"])
def test_a_result_without_scores_is_wrong(result):
    """What is not there at all is the output's own failing."""
    found = verdicts(foreign(result=result), {"random_without_eos", "random_with_eos"})
    assert set(found.values()) == {False}


def test_objects_with_a_score_method():
    """Beams may be objects whose score is a method of alpha, beside a raw sum that is no score."""
    more = """
        class Beam:
            def __init__(self, tokens, score):
                self.tokens, self.log_prob, self._score = tokens, 77.0, score
            def score(self, alpha):
                return self._score
    """
    assert_right(foreign(result="[[Beam(t, s) for t, s in b] for b in r]", more=more))


def test_prompts_as_arrays():
    """An output that needs arrays gets arrays."""
    assert_right(foreign().replace("list(prompt) + tokens", "prompt.tolist() + tokens"))


TOY = """
class Toy:
    def __init__(self, vocab_size=19):
        self.vocab_size = vocab_size
    def forward(self, p):
        return np.sin(np.arange(self.vocab_size) * (1 + sum(p) % 7)) * 2
"""


def test_own_model_is_verified_apart():
    """A search that is right with our model and brings a usable one is right with that too."""
    assert verdicts(foreign(more=TOY), checks={OWN_MODEL})[OWN_MODEL] is True


@pytest.mark.parametrize("made", ["Toy()", "TOY", "None"])
def test_a_model_that_is_no_argument_is_replaced(made):
    """Where the output asks a model of its own, global or new, ours answers in its place."""
    ask = f"log_softmax(({made} or Toy()).forward(p))"
    source = foreign(ask=ask, more=TOY + "\nTOY = Toy()\n").replace(", model=None)", ")")
    assert_right(source.replace("lp = ASK(model, ", "lp = ASK(None, "))


def test_forward_that_returns_log_probabilities():
    """An output whose own model normalises in forward, and so need not, is answered in kind."""
    normalised = TOY.replace("return np", "return log_softmax(np").replace(" * 2", ")")
    assert_right(foreign(ask="model.forward(p)", more=normalised))
    assert verdicts(foreign(ask="model.forward(p)", more=TOY))["random_without_eos"] is False


def test_a_model_that_cannot_be_scripted_is_not_a_failure():
    """An interface that no prefix model can serve is not testable, with the reason."""
    found = verdicts(foreign(ask="model._cells[0].step(p)"))
    assert all("unknown way" in str(held) for held in found.values())


@pytest.mark.parametrize("beams", [None, [], [[]] * 9, [[[None, None]]], [["x"]], 7, {}])
def test_nonsense_is_judged_wrong(beams):
    """A result that is no result fails; the checks do not fall over what is not there."""
    case = next(c for c in CASES if c.check == "random_with_eos")
    assert not all(f.ok for f in kernel_tests.check(case, [{"beams": beams}] * len(case.calls)))


HOSTILE = [
    {}, {"beams": 3}, {"beams": [3]}, {"beams": [[[[1], "x"]]]}, {"beams": [[[[1], 10**400]]] * 3},
    {"beams": [[[np.ones(3), np.ones(3)]]] * 3, "prompts_after": [np.ones(2)] * 3},
    {"prefixes": [3], "answers": np.ones((1, 5)), "eos_token_id": 1},
    {"prefixes": [[3]], "answers": np.full((1, 5), np.nan), "eos_token_id": 10**30},
    {"prefixes": [[3]], "answers": np.array([[np.inf, -np.inf]]), "eos_token_id": 0, "beams": []},
    {"prefixes": [[3]], "answers": np.full((1, 9), -np.inf), "eos_token_id": 0, "raised": 3},
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("items", HOSTILE)
def test_every_check_survives_hostile_answers(items):
    """Missing keys and wrong types give failed findings for every check, never an exception."""
    for case in CASES:
        found = kernel_tests.check(case, [items] * len(case.calls))
        assert found and not all(f.ok for f in found), case.id


ADAPTED = {
    "decoder_class.py": """
        class BeamSearchDecoder:
            def __init__(self, model, beam_size, alpha, eos_id):
                self.model, self.k, self.alpha, self.eos = model, beam_size, alpha, eos_id
            def decode(self, prompt, max_steps):
                return batched([prompt], self.k, max_steps, self.alpha, self.eos, self.model)[0]
    """,
    "config_object.py": """
        from dataclasses import dataclass
        @dataclass
        class BeamSearchConfig:
            num_beams: int = 4
            max_length: int = 20
            length_penalty: float = 0.6
            eos_token_id: int = 0
        def batched_beam_search(model, prompts, config, trace=None):
            assert trace is None
            width, steps, alpha = config.num_beams, config.max_length, config.length_penalty
            return batched(prompts, width, steps, alpha, config.eos_token_id, model)
    """,
}


@pytest.mark.parametrize("name", ADAPTED)
def test_adapters(name):
    """An adapter gives a decoder object, or a function with a config, the canonical interface."""
    source = foreign(more=ADAPTED[name]).replace(
        "batched_beam_search(prompts, b", "batched(prompts, b"
    )
    module = types.ModuleType("foreign")
    exec(compile(source, "foreign.py", "exec"), module.__dict__)
    adapter = adapter_of(FOLDER, name)
    roles = adapter["entry"](module, None)
    assert_right(source, entry=types.SimpleNamespace(module=module, raw=roles.get, **roles))
