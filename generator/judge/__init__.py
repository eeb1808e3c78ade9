"""Graders: by the evidence alone, by a language model that is shown it, and imported grades."""
