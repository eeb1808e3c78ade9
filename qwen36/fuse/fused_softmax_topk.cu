/*
 * Fused Softmax + Top-K
 * =====================
 *
 * Input:  logits [B, T, V]  float32
 * Output: top_idx [B, T, K] int32, top_prob [B, T, K] float32
 *
 * Pass 1   m = max x, s = sum exp(x - m)        (online, float4 loads)
 * Pass 2   top-K by logit                       (per-thread lists, merged in shared memory)
 *
 * Memory per row:
 *   read   2 * V * 4 bytes      /* the second pass reads the row again */
 *   write  2 * K * 4 bytes
 *
 * The kernel is launched with one block of 256 threads per row of (b, t).
 */

#include <cuda_runtime.h>
#include <math.h>

namespace fstk {

constexpr int BLOCK = 256;
constexpr int PER_THREAD = 8;   // entries of a thread's own list
constexpr int MAX_K = 256;

__device__ __forceinline__ float warp_max(float v)
{
    for (int o = 16; o > 0; o >>= 1) v = fmaxf(v, __shfl_xor_sync(0xffffffff, v, o));
    return v;
}

__device__ __forceinline__ float warp_sum(float v)
{
    for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffff, v, o);
    return v;
}

/* Block-wide maximum and its owner; the result is the same in every thread. */
__device__ void block_argmax(float value, int index, float* s_val, int* s_idx, float& best, int& who)
{
    s_val[threadIdx.x] = value;
    s_idx[threadIdx.x] = index;
    __syncthreads();
    for (int half = BLOCK / 2; half > 0; half >>= 1) {
        if (threadIdx.x < half && s_val[threadIdx.x + half] > s_val[threadIdx.x]) {
            s_val[threadIdx.x] = s_val[threadIdx.x + half];
            s_idx[threadIdx.x] = s_idx[threadIdx.x + half];
        }
        __syncthreads();
    }
    best = s_val[0];
    who = s_idx[0];
    __syncthreads();
}

__device__ void insert(float (&val)[PER_THREAD], int (&idx)[PER_THREAD], float v, int i)
{
    if (!(v > val[PER_THREAD - 1])) return;
    int p = PER_THREAD - 1;
    for (; p > 0 && val[p - 1] < v; --p) {
        val[p] = val[p - 1];
        idx[p] = idx[p - 1];
    }
    val[p] = v;
    idx[p] = i;
}

__global__ void fused_softmax_topk_kernel(const float* __restrict__ logits, int* __restrict__ top_idx,
                                          float* __restrict__ top_prob, int V, int K)
{
    __shared__ float s_val[BLOCK];
    __shared__ int s_idx[BLOCK];
    __shared__ float s_max, s_sum;

    const int tid = threadIdx.x;
    const float* row = logits + (size_t)blockIdx.x * V;
    const bool aligned = (V % 4) == 0;
    const int vectors = aligned ? V / 4 : 0;
    const float4* row4 = reinterpret_cast<const float4*>(row);

    /* ---- pass 1: maximum and sum ---- */
    float m = -3.0e38f, s = 0.f;
    for (int i = tid; i < vectors; i += BLOCK) {
        float4 q = row4[i];
        float top = fmaxf(fmaxf(q.x, q.y), fmaxf(q.z, q.w));
        float m2 = fmaxf(m, top);
        s = s * expf(m - m2) + expf(q.x - m2) + expf(q.y - m2) + expf(q.z - m2) + expf(q.w - m2);
        m = m2;
    }
    for (int i = 4 * vectors + tid; i < V; i += BLOCK) {
        float m2 = fmaxf(m, row[i]);
        s = s * expf(m - m2) + expf(row[i] - m2);
        m = m2;
    }
    float best;
    int who;
    block_argmax(m, tid, s_val, s_idx, best, who);
    s = s * expf(m - best);
    s = warp_sum(s);
    if (tid == 0) s_sum = 0.f;
    __syncthreads();
    if ((tid & 31) == 0) atomicAdd(&s_sum, s);
    if (tid == 0) s_max = best;
    __syncthreads();

    /* ---- pass 2: top-K ---- */
    float val[PER_THREAD];
    int idx[PER_THREAD];
    for (int p = 0; p < PER_THREAD; ++p) {
        val[p] = -3.0e38f;
        idx[p] = 0;
    }
    for (int i = tid; i < vectors; i += BLOCK) {
        float4 q = row4[i];
        insert(val, idx, q.x, 4 * i);
        insert(val, idx, q.y, 4 * i + 1);
        insert(val, idx, q.z, 4 * i + 2);
        insert(val, idx, q.w, 4 * i + 3);
    }
    for (int i = tid; i < V; i += BLOCK) insert(val, idx, row[i], i);   /* the rest */

    /* ---- merge: K rounds, the winner moves its list on ---- */
    int head = 0;
    for (int k = 0; k < K; ++k) {
        float mine = head < PER_THREAD ? val[head] : -3.0e38f;
        block_argmax(mine, tid, s_val, s_idx, best, who);
        if (tid == who && head < PER_THREAD) {
            top_idx[(size_t)blockIdx.x * K + k] = idx[head];
            top_prob[(size_t)blockIdx.x * K + k] = expf(best - s_max) / s_sum;
            ++head;
        }
    }
}

}  // namespace fstk

/*
 * Launcher. K is an ordinary argument, up to MAX_K.
 */
extern "C" cudaError_t fused_softmax_topk(const float* logits, int* top_idx, float* top_prob,
                                          int B, int T, int V, int K, cudaStream_t stream)
{
    if (K < 1 || K > fstk::MAX_K || K > V) return cudaErrorInvalidValue;
    fstk::fused_softmax_topk_kernel<<<B * T, fstk::BLOCK, 0, stream>>>(logits, top_idx, top_prob, V, K);
    return cudaGetLastError();
}
