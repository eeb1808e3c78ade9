#pragma once
// Single-pass fused softmax + top-k.
//
//  * online softmax per thread: (m, d) with d rescaled whenever m grows
//  * per-thread top-K list, sorted, merged by one warp in shared memory
//  * one block of 256 threads per (b, t) row; every logit is read once from global memory

#include <cuda_runtime.h>

namespace fused {

constexpr int kBlock = 256;
constexpr int kMaxK = 32;

struct OnlineSoftmax {
    float m = -FLT_MAX;
    float d = 0.0f;

    __device__ void add(float x) {
        float m_new = fmaxf(m, x);
        d = d * __expf(m - m_new) + __expf(x - m_new);
        m = m_new;
    }

    __device__ void merge(float m2, float d2) {
        float m_new = fmaxf(m, m2);
        d = d * __expf(m - m_new) + d2 * __expf(m2 - m_new);
        m = m_new;
    }
};

template <int K>
struct LocalTopK {
    float val[K];
    int idx[K];

    __device__ void init() {
        for (int i = 0; i < K; ++i) {
            val[i] = -FLT_MAX;
            idx[i] = -1;
        }
    }

    __device__ void push(float v, int i) {
        if (v <= val[K - 1]) return;
        int p = K - 1;
        while (p > 0 && val[p - 1] < v) {
            val[p] = val[p - 1];
            idx[p] = idx[p - 1];
            --p;
        }
        val[p] = v;
        idx[p] = i;
    }
};

template <int K>
__global__ void fused_softmax_topk_kernel(const float* __restrict__ logits, int* __restrict__ out_idx,
                                          float* __restrict__ out_prob, int V) {
    __shared__ float s_val[kBlock];
    __shared__ int s_idx[kBlock];
    __shared__ float s_m[kBlock], s_d[kBlock];

    const int tid = threadIdx.x;
    const float* row = logits + (size_t)blockIdx.x * V;

    OnlineSoftmax acc;
    LocalTopK<K> local;
    local.init();
    const int steps = (V + kBlock - 1) / kBlock;
    for (int step = 0; step < steps; ++step) {
        int v = step * kBlock + tid;
        if (v < V) {
            float x = row[v];
            acc.add(x);
            local.push(x, step);  // position in this thread's stride
        }
    }

    s_m[tid] = acc.m;
    s_d[tid] = acc.d;
    __syncthreads();
    if (tid == 0) {
        for (int i = 1; i < kBlock; ++i) acc.merge(s_m[i], s_d[i]);
        s_m[0] = acc.m;
        s_d[0] = acc.d;
    }

    // K rounds: every thread offers the head of its list, warp 0 picks the winner.
    int head = 0;
    for (int k = 0; k < K; ++k) {
        s_val[tid] = head < K ? local.val[head] : -FLT_MAX;
        s_idx[tid] = head < K ? local.idx[head] : -1;
        __syncthreads();
        if (tid < 32) {
            float best = s_val[tid];
            int who = tid;
            for (int i = tid + 32; i < kBlock; i += 32)
                if (s_val[i] > best) {
                    best = s_val[i];
                    who = i;
                }
            for (int o = 16; o > 0; o >>= 1) {
                float other = __shfl_xor_sync(0xffffffffu, best, o);
                int other_who = __shfl_xor_sync(0xffffffffu, who, o);
                if (other > best || (other == best && other_who < who)) {
                    best = other;
                    who = other_who;
                }
            }
            if (tid == 0) {
                out_idx[(size_t)blockIdx.x * K + k] = s_idx[who] * 32 + who % 32;
                out_prob[(size_t)blockIdx.x * K + k] = __expf(best - s_m[0]) / s_d[0];
                s_idx[0] = who;
            }
        }
        if (s_idx[0] == tid) ++head;
    }
}

template <int K>
void launch_fused_softmax_topk(const float* logits, int* idx, float* probs, int B, int T, int V,
                               cudaStream_t stream = 0) {
    static_assert(K <= kMaxK, "K up to 32");
    fused_softmax_topk_kernel<K><<<B * T, kBlock, 0, stream>>>(logits, idx, probs, V);
}

template void launch_fused_softmax_topk<1>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<8>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<16>(const float*, int*, float*, int, int, int, cudaStream_t);
template void launch_fused_softmax_topk<32>(const float*, int*, float*, int, int, int, cudaStream_t);

}  // namespace fused
