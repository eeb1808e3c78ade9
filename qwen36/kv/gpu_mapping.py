"""A decode step on a GPU: bytes moved, work done, and which of the two decides."""

from dataclasses import dataclass


@dataclass
class Device:
    """Peak rates of a device: TFLOP/s in 16 bits, TB/s of memory."""

    tflops: float = 312.0
    bandwidth: float = 2.0


def step_flops(layers: int, heads: int, head_dim: int, length: int) -> int:
    """Floating-point operations of attention in one step (projections left out)."""
    return 4 * layers * heads * head_dim * length


def step_bytes(layers: int, kv_heads: int, head_dim: int, length: int, item: int = 2) -> int:
    """Bytes of cache read in one step."""
    return 2 * layers * kv_heads * head_dim * length * item


def microseconds(device: Device, flops: int, moved: int) -> float:
    """The larger of compute and memory time."""
    return max(flops / (device.tflops * 1e6), moved / (device.bandwidth * 1e6))
