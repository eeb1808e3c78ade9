// Fused softmax + top-k over the vocabulary. One pass, one block per row.
//
//   m = max(x), s = sum(exp(x - m)) are kept online: when a larger x comes, s is scaled by exp(m_old - m_new).
//   top-k is kept on the logits, since softmax is monotone.

#include <cuda_runtime.h>
#include <cfloat>
#include <cmath>

constexpr int THREADS = 128;

struct Pair {
    float value;
    int index;  // -1: nothing yet
};

// Is a ahead of b? A real entry is ahead of an empty one, whatever its value.
__device__ __forceinline__ bool ahead(Pair a, Pair b) {
    if (b.index < 0) return a.index >= 0;
    if (a.index < 0) return false;
    return a.value > b.value || (a.value == b.value && a.index < b.index);
}

template <int K>
__device__ __forceinline__ void insert(Pair (&list)[K], Pair p) {
    if (!ahead(p, list[K - 1])) return;
    list[K - 1] = p;
    for (int i = K - 1; i > 0 && ahead(list[i], list[i - 1]); --i) {
        Pair t = list[i];
        list[i] = list[i - 1];
        list[i - 1] = t;
    }
}

__device__ __forceinline__ void combine(float& m, float& s, float m2, float s2) {
    float top = fmaxf(m, m2);
    if (top == -INFINITY) return;  // nothing but masked logits so far
    s = s * expf(m - top) + s2 * expf(m2 - top);
    m = top;
}

template <int K>
__global__ void fused_softmax_topk_kernel(const float* __restrict__ logits, int* __restrict__ idx,
                                          float* __restrict__ probs, int V) {
    __shared__ Pair lists[THREADS][K];
    __shared__ float sm[THREADS], ss[THREADS];
    __shared__ Pair best[THREADS];
    __shared__ int owner[THREADS];
    const int row = blockIdx.x, t = threadIdx.x;
    const float* x = logits + (size_t)row * V;

    Pair mine[K];
    for (int i = 0; i < K; ++i) mine[i] = {-INFINITY, -1};
    float m = -INFINITY, s = 0.f;
    for (int v = t; v < V; v += THREADS) {
        float value = x[v];
        combine(m, s, value, 1.f);
        insert<K>(mine, {value, v});
    }
    for (int i = 0; i < K; ++i) lists[t][i] = mine[i];
    sm[t] = m;
    ss[t] = s;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (t < half) combine(sm[t], ss[t], sm[t + half], ss[t + half]);
        __syncthreads();
    }

    int head = 0;
    for (int k = 0; k < K; ++k) {
        best[t] = head < K ? lists[t][head] : Pair{-INFINITY, -1};
        owner[t] = t;
        __syncthreads();
        for (int half = THREADS / 2; half > 0; half /= 2) {
            if (t < half && ahead(best[t + half], best[t])) {
                best[t] = best[t + half];
                owner[t] = owner[t + half];
            }
            __syncthreads();
        }
        if (t == owner[0]) ++head;
        if (t == 0) {
            idx[(size_t)row * K + k] = best[0].index;
            probs[(size_t)row * K + k] = ss[0] > 0.f ? expf(best[0].value - sm[0]) / ss[0] : 0.f;
        }
        __syncthreads();
    }
}

template <int K>
void launch_fused_softmax_topk(const float* logits, int* idx, float* probs, int B, int T, int V,
                               cudaStream_t stream = 0) {
    static_assert(K >= 1 && K <= 32, "K must be between 1 and 32");
    fused_softmax_topk_kernel<K><<<B * T, THREADS, 0, stream>>>(logits, idx, probs, V);
}

template void launch_fused_softmax_topk<1>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<4>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<8>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<16>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<32>(const float*, int*, float*, int, int, int, cudaStream_t);
