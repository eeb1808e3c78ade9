// Honest variant: online softmax and a sorted list per thread, merged by taking the best head K times.
// 64-bit indices, K as a template parameter.
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

namespace lists {

constexpr int kThreads = 64;

struct Best {
    float x;
    int64_t i;
};

__device__ bool before(Best a, Best b)
{
    if (a.i < 0 || b.i < 0) return a.i >= 0 && b.i < 0;
    return a.x > b.x || (a.x == b.x && a.i < b.i);
}

template <int K>
__global__ void thread_lists(const float* logits, int64_t* idx, float* probs, int64_t V)
{
    __shared__ float maximum[kThreads], total[kThreads];
    __shared__ Best head[kThreads];
    __shared__ int winner;
    const int t = threadIdx.x;
    const int64_t row = blockIdx.x;
    const float* x = logits + row * V;

    Best mine[K];
    for (int k = 0; k < K; ++k) mine[k] = {-INFINITY, -1};
    float m = -INFINITY, s = 0.f;
    for (int64_t i = t; i < V; i += kThreads) {
        const Best next = {x[i], i};
        if (next.x > m) s = m == -INFINITY ? 0.f : s * expf(m - next.x), m = next.x;
        if (m > -INFINITY) s += expf(next.x - m);
        if (!before(next, mine[K - 1])) continue;
        int k = K - 1;
        for (; k > 0 && before(next, mine[k - 1]); --k) mine[k] = mine[k - 1];
        mine[k] = next;
    }
    maximum[t] = m, total[t] = s;
    __syncthreads();
    for (int u = 0; u < kThreads; ++u) m = fmaxf(m, maximum[u]);
    s = 0.f;
    for (int u = 0; u < kThreads; ++u) s += m == -INFINITY ? 0.f : total[u] * expf(maximum[u] - m);

    int used = 0;
    for (int k = 0; k < K; ++k) {
        head[t] = used < K ? mine[used] : Best{-INFINITY, -1};
        __syncthreads();
        if (t == 0) {
            winner = 0;
            for (int u = 1; u < kThreads; ++u)
                if (before(head[u], head[winner])) winner = u;
            idx[row * K + k] = head[winner].i;
            probs[row * K + k] = s > 0.f ? expf(head[winner].x - m) / s : 0.f;
        }
        __syncthreads();
        if (t == winner) ++used;
        __syncthreads();
    }
}

template <int K>
void launch_fused_softmax_topk(const float* logits, int64_t* idx, float* probs, int B, int T, int V,
                               cudaStream_t stream = nullptr)
{
    thread_lists<K><<<B * T, kThreads, 0, stream>>>(logits, idx, probs, V);
}

}  // namespace lists
