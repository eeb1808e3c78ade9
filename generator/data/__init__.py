"""Every record type of the project: frozen, validated when loaded, free of behaviour.

The words are those of docs/guide/architecture.md. Times are seconds, memory is in megabytes (10**6
bytes), digests are lower-case hex SHA-256, times of day are ISO 8601 in UTC.
"""

from generator.data.base import Record
from generator.data.corpus import (
    Artifact,
    Challenge,
    Check,
    Corpus,
    EntryPoint,
    Group,
    Limits,
    Model,
    Provenance,
    Run,
)
from generator.data.evidence import (
    Binding,
    Bound,
    CaseResult,
    CheckResult,
    Digests,
    Evidence,
    Finding,
    Flag,
    Layer,
    OwnTest,
    Strength,
    Verdict,
)
from generator.data.opinion import (
    DIMENSIONS,
    POINTS,
    Contradiction,
    DimensionGrade,
    Duel,
    Grade,
    Letter,
    Margin,
    Place,
    PublishedGrades,
    Ranking,
    Takeaway,
)
from generator.data.results import Results

__all__ = [
    "DIMENSIONS",
    "POINTS",
    "Artifact",
    "Binding",
    "Bound",
    "CaseResult",
    "Challenge",
    "Check",
    "CheckResult",
    "Contradiction",
    "Corpus",
    "Digests",
    "DimensionGrade",
    "Duel",
    "EntryPoint",
    "Evidence",
    "Finding",
    "Flag",
    "Grade",
    "Group",
    "Layer",
    "Letter",
    "Limits",
    "Margin",
    "Model",
    "OwnTest",
    "Place",
    "Provenance",
    "PublishedGrades",
    "Ranking",
    "Record",
    "Results",
    "Run",
    "Strength",
    "Takeaway",
    "Verdict",
]
