"""New models, new challenges, new runs: what to start from, and a plain harness."""
