"""Take secrets and personal paths out of whatever leaves this machine or is published."""

from __future__ import annotations

import re

SECRETS: dict[str, str] = {
    "private key": (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    ),
    "OpenAI-style key": r"\bsk-[A-Za-z0-9_-]{16,}",
    "Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{16,}",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{20,}",
    "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "web token": r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "bearer token": r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{20,}=*",
    "password in a URL": r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]+@",
    "assigned secret": (
        r"(?i)\b(?:api[_-]?key|secret|token|passw(?:or)?d)\b[\"']?\s*[:=]\s*[\"'][^\s\"']{12,}[\"']"
    ),
    "e-mail": r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    "home path": r"(?:/home/|/Users/|[A-Za-z]:\\\\?Users\\\\?)[^\s/\\\"'<>:]+",
}
PATTERNS = {kind: re.compile(pattern) for kind, pattern in SECRETS.items()}


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with every find replaced by its kind, and the number of finds by kind."""
    found: dict[str, int] = {}
    for kind, pattern in PATTERNS.items():
        text, count = pattern.subn(f"[redacted {kind}]", text)
        if count:
            found[kind] = count
    return text, found
