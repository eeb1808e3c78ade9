// Honest variant: candidates above a threshold go into a buffer, which is sorted when it may overflow.
#include <cuda_runtime.h>

#include <cfloat>
#include <cmath>

namespace {

constexpr int kThreads = 256;
constexpr int kSlots = 1024;  // a power of two, at least K and two tiles

struct Item {
    float x;
    int i;  // -1: nothing; sorts last
};

__device__ bool precedes(Item a, Item b)
{
    if (a.i < 0 || b.i < 0) return a.i >= 0 && b.i < 0;
    return a.x > b.x || (a.x == b.x && a.i < b.i);
}

// Bitonic sort of all slots, best first.
__device__ void sort_slots(Item* slot)
{
    for (int size = 2; size <= kSlots; size *= 2) {
        for (int gap = size / 2; gap > 0; gap /= 2) {
            for (int a = threadIdx.x; a < kSlots; a += kThreads) {
                const int b = a ^ gap;
                if (b > a && precedes(slot[b], slot[a]) == ((a & size) == 0)) {
                    const Item held = slot[a];
                    slot[a] = slot[b], slot[b] = held;
                }
            }
            __syncthreads();
        }
    }
}

__device__ void merge(float& m, float& s, float m2, float s2)
{
    const float top = fmaxf(m, m2);
    s = s * expf(m - top) + s2 * expf(m2 - top);
    m = top;
}

__global__ void buffered(const float* logits, int* idx, float* probs, int V, int K)
{
    __shared__ Item slot[kSlots];
    __shared__ int filled;
    __shared__ float maxima[kThreads], sums[kThreads];
    const int t = threadIdx.x;
    const float* x = logits + size_t(blockIdx.x) * V;
    for (int a = t; a < kSlots; a += kThreads) slot[a] = {-INFINITY, -1};
    if (t == 0) filled = K;
    __syncthreads();
    float m = -FLT_MAX, s = 0.f;
    for (int begin = 0; begin < V; begin += kThreads) {
        const int i = begin + t;
        const Item worst = slot[K - 1];
        if (i < V) {
            merge(m, s, x[i], x[i] > -INFINITY ? 1.f : 0.f);
            const Item mine = {x[i], i};
            if (precedes(mine, worst)) slot[atomicAdd(&filled, 1)] = mine;
        }
        __syncthreads();
        if (filled + kThreads > kSlots) {
            sort_slots(slot);
            for (int a = K + t; a < kSlots; a += kThreads) slot[a] = {-INFINITY, -1};
            if (t == 0) filled = K;
        }
        __syncthreads();
    }
    sort_slots(slot);
    maxima[t] = m, sums[t] = s;
    __syncthreads();
    m = -FLT_MAX, s = 0.f;
    for (int u = 0; u < kThreads; ++u) merge(m, s, maxima[u], sums[u]);
    for (int k = t; k < K; k += kThreads) {
        idx[size_t(blockIdx.x) * K + k] = slot[k].i;
        probs[size_t(blockIdx.x) * K + k] = s > 0.f ? expf(slot[k].x - m) / s : 0.f;
    }
}

}  // namespace

void fused_softmax_topk(const float* logits, int* idx, float* probs, int rows, int V, int K,
                        cudaStream_t stream)
{
    buffered<<<rows, kThreads, 0, stream>>>(logits, idx, probs, V, K);
}
