# Fused Softmax + Top-K Kernel

## Overview

This kernel computes softmax probabilities and selects the top-K per position without storing the full
distribution. It uses a warp-per-row layout, an online softmax and a min-heap in shared memory.

## Kernel

```cuda
#include <cuda_runtime.h>
#include <cfloat>

#define WARP_SIZE 32
#define WARPS_PER_BLOCK 8

struct HeapNode {
    float value;
    int index;
};

__device__ void heap_replace_root(HeapNode* heap, int size, HeapNode node)
{
    int i = 0;
    while (true) {
        int left = 2 * i + 1;
        if (left >= size) break;
        int child = left + 1 < size && heap[left + 1].value < heap[left].value ? left + 1 : left;
        if (heap[child].value >= node.value) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = node;
}

__global__ void fused_softmax_topk_kernel(
    const float* __restrict__ logits,
    int* __restrict__ indices,
    float* __restrict__ probs,
    int rows, int V, int K)
{
    extern __shared__ HeapNode heaps[];
    int warp = threadIdx.x / WARP_SIZE;
    int lane = threadIdx.x % WARP_SIZE;
    int row = blockIdx.x * WARPS_PER_BLOCK + warp;
    if (row >= rows) return;

    const float* x = logits + (size_t)row * V;
    HeapNode* heap = heaps + warp * K;
    float local_max = -FLT_MAX, local_sum = 0.0f;
    for (int v = lane; v < V; v += WARP_SIZE) {
        float value = x[v];
        float new_max = fmaxf(local_max, value);
        local_sum = local_sum * expf(local_max - new_max) + expf(value - new_max);
        local_max = new_max;
        if (value > heap[0].value) heap_replace_root(heap, K, {value, v});
    }

    float row_max = warp_reduce_max(local_max);
    float row_sum = warp_reduce_sum(local_sum * expf(local_max - row_max));
    for (int k = lane; k < K; k += WARP_SIZE) {
        indices[(size_t)row * K + k] = heap[k].index;
        probs[(size_t)row * K + k] = expf(heap[k].value - row_max) / row_sum;
    }
}
```

## Launcher

```cuda
void launch_fused_softmax_topk(const float* logits, int* indices, float* probs,
                               int B, int T, int V, int K, cudaStream_t stream)
{
    int rows = B * T;
    int blocks = (rows + WARPS_PER_BLOCK - 1) / WARPS_PER_BLOCK;
    size_t shared = WARPS_PER_BLOCK * K * sizeof(HeapNode);
    fused_softmax_topk_kernel<<<blocks, WARPS_PER_BLOCK * WARP_SIZE, shared, stream>>>(
        logits, indices, probs, rows, V, K);
}
```

## Memory access pattern

Reads are coalesced: consecutive lanes read consecutive logits. Each logit is read once, so a row costs
4 V bytes, against 12 V bytes for separate softmax and top-k kernels.

## Complexity

| step | work |
|---|---|
| scan | O(V) a row |
| heap | O(V log K) worst case |
| output | O(K) |
