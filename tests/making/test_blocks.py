"""Files in a reply: named by the reply where it names them, kept word for word."""

from __future__ import annotations

import pytest

from generator.making.blocks import files

CODE = "import numpy as np\n\n\ndef f(x):\n    return x\n"


@pytest.mark.parametrize(
    "reply",
    [
        f"```python kernel.py\n{CODE}```",
        f'```python title="kernel.py"\n{CODE}```',
        f"Here is `kernel.py`:\n\n```python\n{CODE}```\nDone.",
        f"### **kernel.py**\n~~~py\n{CODE}~~~\n",
    ],
)
def test_a_block_is_stored_under_the_name_it_is_given(reply: str) -> None:
    """In the fence's line, in backquotes or in bold just before it; the content is untouched."""
    assert files(reply, "kv") == {"kernel.py": CODE}


def test_a_name_in_the_first_comment_stays_in_the_file() -> None:
    """The comment is part of what the model wrote."""
    assert files(f"```python\n# file: a/b.py\n{CODE}```", "kv") == {
        "a/b.py": f"# file: a/b.py\n{CODE}"
    }


def test_blocks_without_a_name_are_numbered() -> None:
    """Blocks that are no code (shell sessions, output, plain text) are left in the reply alone."""
    reply = f"```python\n{CODE}```\n```\n{CODE}```\n```bash\npython x\n```\n```\n3.14\n```\n"
    assert list(files(reply, "kv")) == ["kv.py", "kv_2.py"]


def test_a_reply_that_was_cut_off_keeps_its_last_block() -> None:
    """The block's fence is never closed when the output allowance runs out."""
    assert files(f"```python\n{CODE}", "kv") == {"kv.py": CODE}


@pytest.mark.parametrize(
    "name", ["../up.py", "/etc/x.py", "PROMPT.md", "session.json", "a/../../b.py"]
)
def test_no_name_leads_out_of_the_folder_or_onto_our_files(name: str) -> None:
    """Such a block is stored under a name of ours."""
    assert list(files(f"```python {name}\n{CODE}```", "kv")) == ["kv.py"]


def test_a_file_is_never_also_a_folder() -> None:
    """Names that cannot both exist do not stop the harness."""
    reply = f"```python a.py\n{CODE}```\n```python a.py/b.py\n{CODE}```"
    assert list(files(reply, "kv")) == ["a.py", "kv.py"]
