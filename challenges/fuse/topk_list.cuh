// Part of reference.cu: the list of the largest logits so far, and the cut that a logit must pass to get in.
#pragma once

#include "online_softmax.cuh"

namespace {

// A list entry holds a logit and its index in 64 bits, so that one integer comparison orders by value and
// then by index. No two entries are equal, and 0 is below every real one: it stands for "nothing".
using Entry = unsigned long long;

// Flipping the sign bit of positive floats and all bits of negative ones makes their unsigned order
// the order of the numbers.
__device__ uint32_t to_ordered(float x)
{
    uint32_t bits = __float_as_uint(x);
    asm volatile("" : "+r"(bits));  // computed where it is used: 16 keys kept ahead cost 16 registers
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

__device__ float from_ordered(uint32_t key)
{
    return __uint_as_float(key ^ (key >> 31 ? 0x80000000u : 0xffffffffu));
}

__device__ Entry make_entry(float x, int index) { return Entry(to_ordered(x)) << 32 | ~uint32_t(index); }
__device__ float logit_of(Entry e) { return from_ordered(uint32_t(e >> 32)); }
__device__ int index_of(Entry e) { return int(~uint32_t(e)); }

struct Shared {
    Entry list[kCapacity];
    int count;                             // entries offered; those past kCapacity did not fit
    int tally[2][kWarps];
    uint32_t lowest[kWarps], highest[kWarps];
    Softmax warp[kWarps];
    Softmax part[kMaxCluster];             // these two are used in a cluster's first block
    float part_cut[kMaxCluster];
    int used[kThreads];                    // for rows with fewer than K logits above -inf
};

// How many of the n list entries reach `cut`. All threads call, all get the answer, one barrier.
// Successive calls alternate `turn`, so a tally is not rewritten while a slow warp still reads it.
__device__ int count_reaching(Shared& sh, Entry cut, int n, int turn)
{
    int mine = 0;
    for (int i = threadIdx.x; i < n; i += kThreads) mine += sh.list[i] >= cut;
    mine = __reduce_add_sync(0xffffffffu, mine);
    if (threadIdx.x % 32 == 0) sh.tally[turn][threadIdx.x / 32] = mine;
    __syncthreads();
    int total = 0;
    for (int w = 0; w < kWarps; ++w) total += sh.tally[turn][w];
    return total;
}

// Bisection, the whole block together: `lo` is reached by at least `keep` of the things counted, `hi` by
// fewer. Stops as soon as at most `limit` reach lo; limit == keep asks for the exact cut.
template <typename Key, typename Count>
__device__ Key highest_cut(Key lo, Key hi, int reaching, int keep, int limit, Count count)
{
    while (reaching > limit && hi - lo > 1) {
        Key middle = lo + (hi - lo) / 2;
        int n = count(middle);
        if (n >= keep) lo = middle, reaching = n;
        else hi = middle;
    }
    return lo;
}

// Removes the entries below `cut` and returns how many are left. Gaps are closed in place, 256 entries a
// round: what a round writes lands among entries that it and the rounds before it have read.
__device__ int drop_below(Shared& sh, Entry cut)
{
    const int listed = min(sh.count, kCapacity);
    __syncthreads();
    if (threadIdx.x == 0) sh.count = 0;
    for (int begin = 0; begin < listed; begin += kThreads) {
        const int i = begin + threadIdx.x;
        const Entry mine = i < listed ? sh.list[i] : 0;
        __syncthreads();
        if (mine >= cut) sh.list[atomicAdd(&sh.count, 1)] = mine;
    }
    __syncthreads();
    const int left = sh.count;
    __syncthreads();  // whoever returns first may add to the list again
    return left;
}

// Drops list entries that cannot be among the `keep` largest, until at most `limit` are left, and returns
// the new cut. At least `keep` of the logits listed are above `low` (or all are), and none above `high`.
__device__ float shrink(Shared& sh, int keep, int limit, float low, float high)
{
    const int listed = drop_below(sh, make_entry(low, -1) + 1);
    if (listed <= limit) return low;
    int turn = 0;
    const Entry cut = highest_cut(make_entry(low, -1) + 1, make_entry(high, 0) + 1, listed, keep, limit,
                                  [&](Entry e) { return count_reaching(sh, e, listed, turn ^= 1); });
    drop_below(sh, cut);
    return logit_of(cut);
}

// Raises the cut without looking at the list. The block's 512 maxima are 512 different logits, so if K of
// them reach some value, K logits do. For K = 32 the cut found is about the 34th largest logit so far, for
// K = 256 about the 360th. The result is one step below that value, since logits equal to it are needed;
// two steps below +0, because one step below it is -0, which is not less.
__device__ float raise(Shared& sh, float cut, const float (&top)[2], int K)
{
    const uint32_t a = to_ordered(top[0]), b = to_ordered(top[1]);
    uint32_t lo = __reduce_min_sync(0xffffffffu, min(a, b)), hi = __reduce_max_sync(0xffffffffu, max(a, b));
    if (threadIdx.x % 32 == 0) sh.lowest[threadIdx.x / 32] = lo, sh.highest[threadIdx.x / 32] = hi;
    __syncthreads();
    #pragma unroll
    for (int w = 0; w < kWarps; ++w) lo = min(lo, sh.lowest[w]), hi = max(hi, sh.highest[w]);
    lo = highest_cut(max(lo, to_ordered(cut) + 1), hi + 1, 2 * kThreads, K, K + K / 8 + 2,
        [&](uint32_t key) { return __syncthreads_count(a >= key) + __syncthreads_count(b >= key); });
    const uint32_t below = lo - (lo == to_ordered(0.f) ? 2 : 1);
    return fmaxf(cut, from_ordered(below));
}

// Offers to the list those of a tile's logits that `pending` marks and that are above `cut`. (One equal to
// the cut is not needed: K others at least as large are listed.) A thread reserves places for all its
// candidates at once. Returns the marks of those that found the list full.
__device__ unsigned offer(Shared& sh, const float (&x)[kItems], unsigned pending, float cut, int first)
{
    unsigned above = 0;
    #pragma unroll
    for (int i = 0; i < kItems; ++i) above |= unsigned(x[i] > cut) << i;
    pending &= above;
    if (pending == 0) return 0;
    int place = atomicAdd(&sh.count, __popc(pending));
    asm volatile("" : "+r"(first));  // worked out here, not kept in registers from before
    #pragma unroll
    for (int j = 0; j < kVectors; ++j) {
        if (!(pending >> 4 * j & 15)) continue;
        #pragma unroll
        for (int c = 0; c < 4; ++c) {
            if (pending >> (4 * j + c) & 1 && place < kCapacity) {
                sh.list[place++] = make_entry(x[4 * j + c], first + 4 * j * kThreads + c);
                pending &= ~(1u << (4 * j + c));
            }
        }
    }
    return pending;
}

}  // namespace
