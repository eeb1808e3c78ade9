// Honest variant: two passes over the row and K rounds of a block-wide maximum. Slow, and easy to check.
#include <cuda_runtime.h>

#include <cmath>

constexpr int kThreads = 128;

// The largest entry below (bound, bound_index) in the order "by value, then by lower index".
__device__ bool follows(float x, int i, float bound, int bound_index)
{
    return x < bound || (x == bound && i > bound_index);
}

__global__ void two_pass(const float* logits, int* idx, float* probs, int V, int K)
{
    __shared__ float value[kThreads];
    __shared__ int place[kThreads];
    __shared__ float total;
    const int t = threadIdx.x;
    const float* x = logits + size_t(blockIdx.x) * V;
    float bound = INFINITY, top = 0.f;
    int bound_index = -1;
    for (int k = 0; k < K; ++k) {
        float best = -INFINITY;
        int at = -1;
        for (int i = t; i < V; i += kThreads)
            if (follows(x[i], i, bound, bound_index) && (at < 0 || x[i] > best)) best = x[i], at = i;
        value[t] = best, place[t] = at;
        __syncthreads();
        for (int half = kThreads / 2; half > 0; half /= 2) {
            if (t < half) {
                const int other = place[t + half];
                const bool better = other >= 0 && (place[t] < 0 || value[t + half] > value[t] ||
                                                   (value[t + half] == value[t] && other < place[t]));
                if (better) value[t] = value[t + half], place[t] = other;
            }
            __syncthreads();
        }
        bound = value[0], bound_index = place[0];
        if (k == 0) {
            top = bound;
            float sum = 0.f;
            for (int i = t; i < V; i += kThreads) sum += top == -INFINITY ? 0.f : expf(x[i] - top);
            __syncthreads();
            if (t == 0) total = 0.f;
            __syncthreads();
            atomicAdd(&total, sum);
            __syncthreads();
        }
        if (t == 0) {
            idx[size_t(blockIdx.x) * K + k] = bound_index;
            probs[size_t(blockIdx.x) * K + k] = total > 0.f ? expf(bound - top) / total : 0.f;
        }
        __syncthreads();
    }
}

cudaError_t fused_softmax_topk(const float* logits, int* idx, float* probs, int rows, int V, int K,
                               cudaStream_t stream)
{
    two_pass<<<rows, kThreads, 0, stream>>>(logits, idx, probs, V, K);
    return cudaGetLastError();
}
