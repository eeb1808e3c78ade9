"""Running untrusted code: a sandbox that no stored output can fool, harm or slow.

docs/guide/security.md describes the threat model and the layers.
"""

from generator.sandbox.box import Sandbox, WeakIsolation, probe
from generator.sandbox.job import Job
from generator.sandbox.outcome import Reply

__all__ = ["Job", "Reply", "Sandbox", "WeakIsolation", "probe"]
