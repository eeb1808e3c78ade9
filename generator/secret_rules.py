"""What counts as a secret or as personal: a rule per kind, or several.

Every quantifier is bounded, since the text is hostile. `needles` are strings without which a rule
cannot match (in lower case), and `after` is what must follow one: looking for these first makes
ordinary text cheap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONG_ENDINGS = (
    "com|org|net|edu|gov|mil|int|info|biz|dev|app|cloud|tech|xyz|online|site|email|systems|solutions|"
    "company|consulting|software|digital|network|academy|institute|university|example|test|invalid"
)
NAMED = r"[\w-]{0,40}(?:api[_-]?key|secret|passw(?:or)?d|passphrase|private[_-]?key|credential)s?"
TOKENS = r"(?:[\w-]{0,40}[_-])?(?:access|auth|bearer|api|session|refresh|hf|github)?[_-]?token"
SIGN = r"\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']"


@dataclass(frozen=True)
class Rule:
    """One kind of secret."""

    kind: str
    pattern: re.Pattern[str]
    needles: tuple[str, ...]
    after: str = ""


def rule(kind: str, pattern: str, *needles: str, after: str = "") -> Rule:
    """A rule from its pattern."""
    return Rule(kind, re.compile(pattern), needles, after)


RULES = (
    rule(
        "private key",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY( BLOCK)?-----[\s\S]*?"
        r"(-----END [A-Z ]{0,40}PRIVATE KEY( BLOCK)?-----|\Z)",
        "private key",
    ),
    rule("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{16,300}", "sk-ant-"),
    rule("OpenAI-style key", r"\bsk-[A-Za-z0-9_-]{16,300}", "sk-"),
    rule("Stripe key", r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,200}", "k_live_", "k_test_"),
    rule(
        "GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255})",
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    ),
    rule(
        "GitLab token",
        r"\bgl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,200}",
        "glpat-", "gldt-", "glrt-", "glptt-",
    ),
    rule("Hugging Face token", r"\bhf_[A-Za-z0-9]{20,200}", "hf_"),
    rule("npm token", r"\bnpm_[A-Za-z0-9]{36,100}", "npm_"),
    rule("PyPI token", r"\bpypi-[A-Za-z0-9_-]{50,400}", "pypi-"),
    rule("AWS key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b", "akia", "asia", "abia", "acca"),
    rule("Azure key", r"(?i)\b(?:account|sharedaccess)key=[A-Za-z0-9+/]{40,100}={0,2}", "key="),
    rule("Google key", r"\bAIza[0-9A-Za-z_-]{35}", "aiza"),
    rule("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,200}", "xox"),
    rule("Slack webhook", r"hooks\.slack\.com/services/[A-Za-z0-9/_-]{20,100}", "hooks.slack.com"),
    rule("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,60}", "sg."),
    rule(
        "web token",
        r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}",
        "eyj",
    ),
    rule("bearer token", r"(?i)\bbearer\s{1,4}[A-Za-z0-9._~+/-]{20,2000}={0,2}", "bearer"),
    rule(
        "password in a URL",
        r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,200}@",
        "://",
    ),
    rule(
        "assigned secret",
        rf"(?i)(?<![\w-])(?:{NAMED}{SIGN}[^\s\"'\\]{{8,400}}"
        rf"|{TOKENS}{SIGN}(?=[^\"']{{0,400}}\d)[A-Za-z0-9+/_=.-]{{20,400}})\\?[\"']",
        "key", "secret", "passw", "passphrase", "credential", "token",
        after=rf"[a-z]{{0,4}}{SIGN}",
    ),
    rule(
        "secret in the environment",
        r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{0,40}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)=[A-Za-z0-9+/_.~-]{12,400}",
        "key=", "token=", "secret=", "password=", "passwd=",
    ),
    rule(
        "e-mail",
        # In code `@` multiplies matrices, so the last part must be one that addresses end in.
        r"(?<![\w.%+-])[\w.%+-]{1,64}@(?!self\b)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}"
        rf"\.(?:{LONG_ENDINGS}|[a-z]{{2}}|[A-Z]{{2,3}})(?!\w|\(|\[|\.\w|-)",
        "@",
    ),
    rule(
        "home path",
        r"(?:/home/|/Users/|\b[A-Za-z]:(?:\\{1,4}|/)Users(?:\\{1,4}|/))[^\s/\\\"'<>:,;)\]]{1,64}"
        r"|--(?:home|Users)-[A-Za-z0-9._]{1,64}(?=-)",
        "/home/", "users", "--home-",
    ),
    # Three rules, so that a matrix product's `@` has only the shortest of them tried.
    rule(
        "host name",
        r"(?<![\w.-])(?=[A-Za-z0-9-]{0,62}[0-9-])[A-Za-z][A-Za-z0-9-]{0,62}"
        r"\.(?:local|internal|lan|localdomain|home\.arpa|corp)(?![\w(\[-])",
        ".local", ".internal", ".lan", ".home.arpa", ".corp",
    ),
    rule("host name", r"(?<![\w.-])[a-z_][\w-]{0,31}@[A-Za-z0-9][\w.-]{0,62}:[~/]", "@"),
    rule("host name", r"(?m)^\s{0,8}(?:export )?HOST(?:NAME)?=[\w.-]{2,64}", "host"),
    rule(
        "private address",
        r"(?<![\w.])(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}"
        r"|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?![\w.])",
        "10.", "192.168.", "172.",
        after=r"\d{1,3}\.\d",
    ),
)  # fmt: skip
NEEDLES = tuple(
    (needle, re.compile(re.escape(needle) + rule.after), rule)
    for rule in RULES
    for needle in rule.needles
)
