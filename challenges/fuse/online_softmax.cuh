// Part of reference.cu: the sizes that everything shares, and the softmax of the logits read so far.
#pragma once

#include <cuda_runtime.h>

#include <cfloat>
#include <cmath>
#include <cstdint>

namespace {

constexpr int kThreads = 256;             // per block; also the largest K, for step 4
constexpr int kWarps = kThreads / 32;
constexpr int kBlocksPerSM = 4;           // 64 registers a thread
constexpr int kVectors = 4;               // 16-byte loads that one thread has in flight: 64 KB an SM
constexpr int kItems = 4 * kVectors;
constexpr int kTile = kThreads * kItems;  // logits that a block takes at a time
constexpr int kCapacity = 2048;           // entries in the list: 16 KB of shared memory
constexpr int kMaxCluster = 16;
constexpr int kMeetAgain = 3;             // warps meet at tiles 1, 3, 9, 27, ...

struct Softmax {
    float m = -FLT_MAX;  // running maximum; finite, so that -inf - m is -inf and never NaN
    float s = 0.f;       // running sum of exp(x - m)
};

__device__ float exp_fast(float x)  // one multiplication and one special-function instruction
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x * 1.44269504f));
    return y;
}

__device__ Softmax combine(Softmax a, Softmax b)
{
    float m = fmaxf(a.m, b.m);
    return {m, a.s * exp_fast(a.m - m) + b.s * exp_fast(b.m - m)};
}

// Loads tile number `tile` of a row. Rows start at any multiple of 4 bytes, 16-byte loads do not: `vec`
// is the row's start rounded down by `head` floats, and what lies outside the row reads as -inf.
__device__ void load_tile(float (&x)[kItems], const float4* vec, int tile, int head, int V)
{
    const int base = tile * (kTile / 4) + threadIdx.x;
    if (tile * kTile >= head && (tile + 1) * kTile - head <= V) {
        #pragma unroll
        for (int j = 0; j < kVectors; ++j) {
            const float4 q = __ldcs(vec + base + j * kThreads);  // streaming: no logit is read twice
            x[4 * j] = q.x, x[4 * j + 1] = q.y, x[4 * j + 2] = q.z, x[4 * j + 3] = q.w;
        }
    } else {
        const float* start = reinterpret_cast<const float*>(vec) + head;
        #pragma unroll
        for (int i = 0; i < kItems; ++i) {
            const int at = 4 * (base + i / 4 * kThreads) + i % 4 - head;
            x[i] = at >= 0 && at < V ? start[at] : -INFINITY;
        }
    }
}

// Takes a tile into the running softmax:  m' = max(m, x_0, x_1, ...)  s' = s exp(m - m') + sum_i exp(x_i - m')
// x - m' is formed before scaling by log2(e): near the maximum the subtraction is exact, also for logits
// of magnitude 1e3. `top` are the maxima of all that this thread has seen in even and in odd places.
__device__ float accumulate(Softmax& acc, float (&top)[2], const float (&x)[kItems])
{
    float even = x[0], odd = x[1];
    #pragma unroll
    for (int i = 2; i < kItems; i += 2) even = fmaxf(even, x[i]), odd = fmaxf(odd, x[i + 1]);
    top[0] = fmaxf(top[0], even), top[1] = fmaxf(top[1], odd);
    const float m = fmaxf(acc.m, fmaxf(even, odd));
    float s = acc.s * exp_fast(acc.m - m);
    #pragma unroll
    for (int i = 0; i < kItems; ++i) s += exp_fast(x[i] - m);
    acc = {m, s};
    return fmaxf(even, odd);
}

}  // namespace
