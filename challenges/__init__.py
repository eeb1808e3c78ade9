"""The benchmark's tasks: one folder a challenge, and what their kernel tests share."""
