"""Runs the tests at the end of kv_cache.py: python test_kv_cache.py"""

from kv_cache import run_all_tests

if __name__ == "__main__":
    run_all_tests()
