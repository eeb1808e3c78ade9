"""One made-up secret of each kind, put together so that no scanner takes this for a leak."""

from __future__ import annotations

A, N = "abcdefghijklmnopqrstuvwxyz", "0123456789"
KEY = "PRIVATE KEY"
PLANTED = {
    "private key": f"-----BEGIN RSA {KEY}-----\nMIIE{A}\n{A}\n-----END RSA {KEY}-----",
    "Anthropic key": f"sk-ant-api03-{A}{N}",
    "OpenAI-style key": f"sk-proj-{A}{N}",
    "Stripe key": f"sk_live_{A}",
    "GitHub token": f"ghp_{A}{N}",
    "GitLab token": f"glpat-{A}",
    "Hugging Face token": f"hf_{A}{N}",
    "npm token": f"npm_{A}{N}",
    "PyPI token": f"pypi-{A}{A}{N}",
    "AWS key": f"AKIA{A[:16].upper()}",
    "Azure key": f"AccountKey={A}{N}{A}==",
    "Google key": f"AIza{A}{N[:9]}",
    "Slack token": f"xoxb-{N}-{A}",
    "Slack webhook": f"https://hooks.slack.com/services/T{N}/B{N}/{A}",
    "SendGrid key": f"SG.{A[:22]}.{A}{N}",
    "web token": f"eyJ{A}.eyJ{A}.{A}",
    "bearer token": f"Authorization: Bearer {A}{N}",
    "password in a URL": "postgres://planted:hunter2secret@db/x",
    "assigned secret": f'api_key = "{N}{A}"',
    "secret in the environment": f"export MY_API_KEY={A}{N}",
    "e-mail": "planted.person@mail.example.org",
    "home path": "/home/plantedperson",
    "host name": "planted-laptop-7.local",
    "private address": "192.168.17.23",
}
CORES = {
    "private key": f"MIIE{A}",
    "bearer token": f"{A}{N}",
    "password in a URL": "hunter2secret",
    "assigned secret": f"{N}{A}",
    "secret in the environment": f"{A}{N}",
}


def core(kind: str) -> str:
    """The part of a planted secret that must not be seen."""
    return CORES.get(kind, PLANTED[kind])
