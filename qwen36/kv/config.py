"""Configuration shared by all modules."""

from dataclasses import dataclass

import numpy as np


@dataclass
class ModelConfig:
    """Sizes of a decoder-only transformer."""

    vocab_size: int = 64
    d_model: int = 32
    num_heads: int = 4
    num_kv_heads: int = 2
    num_layers: int = 2
    max_seq_len: int = 128
    batch_size: int = 1
    dtype: type = np.float32

    @property
    def head_dim(self) -> int:
        return self.d_model // self.num_heads
