"""Peak memory of the tiled kernel beside the size of the full score matrix."""

import tracemalloc

import numpy as np

from flash_attention import flash_attention_fwd

if __name__ == "__main__":
    for N in (256, 512, 1024):
        rng = np.random.default_rng(0)
        Q, K, V = (rng.standard_normal((1, 1, N, 32)) for _ in range(3))
        tracemalloc.start()
        flash_attention_fwd(Q, K, V, 64, causal=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"N={N:5d}  peak {peak / 1024:8.1f} KiB   full matrix {8 * N * N / 1024:8.1f} KiB")
