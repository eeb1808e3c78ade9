// Fused softmax + top-k: for each row of logits, the K largest softmax probabilities and where they are.
//
//     p_v = exp(x_v - m) / s        m = max_v x_v        s = sum_v exp(x_v - m)
//
// Softmax keeps the order of its inputs, so the top-k can be found on the logits themselves, while m and s
// are still being accumulated. That makes one pass enough: each logit is read once (4 bytes), and only
// K indices and K probabilities are written. At (1024, 128256) that is 525 MB in and 0.26 MB out; an
// H200 reads at about 4 TB/s, and the arithmetic below (about 10 instructions a logit) hides behind it.
//
// Build:   nvcc -O3 -arch=sm_90 -shared -Xcompiler -fPIC reference.cu -o libfuse.so
// Use:     fused_softmax_topk(logits, idx, probs, rows, V, K, stream)      // all device pointers
//          logits [rows, V] float32; idx [rows, K] int32; probs [rows, K] float32, largest first
//          1 <= K <= min(V, 256); any V, any row count, any 4-byte alignment
//
// How a row is worked on:
//   1. Stream.  A block of 256 threads reads the row in tiles. Every thread keeps its own online softmax
//      (m, s), and offers each logit above the current cut to a list in shared memory.
//   2. Shrink.  When the list is full, the block finds a higher cut that at least K of its entries reach,
//      and drops the rest. On random data the cut soon stops almost everything: a row of 128256 needs one
//      or two shrinks. Ascending data is the worst case, with a shrink about every 2,000 logits.
//   3. Merge.   With few rows, a cluster of up to 16 blocks shares one row, tile by tile. At the end the
//      others write their K best and their (m, s) into the first block's shared memory. No workspace in
//      global memory is needed. Before Hopper (sm_90) there are no clusters, and a row gets one block.
//   4. Rank.    At most 256 entries are left, one per thread. A thread counts the entries that beat its
//      own; that number is its place in the output.
//
// Ties go to any of the tied indices. A logit of -inf has probability 0 and is listed only when fewer than
// K logits are larger; a row of nothing but -inf has no softmax, and gets probability 0 throughout.
// Where -inf has to fill places, it does so with distinct indices. NaN is never listed, but makes the
// row's probabilities NaN, as +inf does.

#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <cfloat>
#include <cmath>
#include <cstdint>

#ifndef FUSE_VECTORS
#define FUSE_VECTORS 4
#endif
#ifndef FUSE_BLOCKS_PER_SM
#define FUSE_BLOCKS_PER_SM 4
#endif
#ifndef FUSE_CAPACITY
#define FUSE_CAPACITY 2048
#endif

namespace {

constexpr int kThreads = 256;                  // per block; also the largest K, for step 4
constexpr int kWarps = kThreads / 32;
constexpr int kVectors = FUSE_VECTORS;         // 16-byte loads that one thread has in flight
constexpr int kItems = 4 * kVectors;
constexpr int kTile = kThreads * kItems;       // logits a block takes at a time
constexpr int kCapacity = FUSE_CAPACITY;       // entries in the list: 16 KB of shared memory
constexpr int kBlocksPerSM = FUSE_BLOCKS_PER_SM;
constexpr int kMaxCluster = 16;

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

struct Shared {
    Entry list[kCapacity];
    int count;                     // entries offered; those past kCapacity did not fit
    int tally[2][kWarps];
    Softmax warp[kWarps];
    Softmax part[kMaxCluster];     // used in a cluster's first block
    int used[kThreads];            // for rows with fewer than K logits above -inf
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

// Drops list entries that cannot be among the `keep` largest, until at most `limit` are left (limit >=
// keep), and returns the cut: at least `keep` entries reach it. The cut is built from its highest bit down,
// like a digit-by-digit square root: a bit is set if at least `keep` entries still reach the result.
__device__ Entry shrink(Shared& sh, int keep, int limit)
{
    const int listed = min(sh.count, kCapacity);
    Entry cut = 0;
    int reaching = listed;
    for (int bit = 63; bit >= 0 && reaching > limit; --bit) {
        Entry trial = cut | 1ull << bit;
        int n = count_reaching(sh, trial, listed, bit & 1);
        if (n >= keep) { cut = trial; reaching = n; }
    }
    // Close the gaps in place, 256 entries a round. Whatever a round writes lands among entries that it and
    // the rounds before it have read.
    for (int begin = 0; begin < listed; begin += kThreads) {
        const int i = begin + threadIdx.x;
        const Entry mine = i < listed ? sh.list[i] : 0;
        __syncthreads();
        if (begin == 0 && threadIdx.x == 0) sh.count = 0;
        if (begin == 0) __syncthreads();
        if (mine && mine >= cut) sh.list[atomicAdd(&sh.count, 1)] = mine;
    }
    __syncthreads();
    return cut;
}

// Loads tile number `tile` of a row. Rows start at any multiple of 4 bytes, 16-byte loads do not: `vec`
// is the row's start rounded down by `head` floats, and what lies outside the row reads as -inf.
__device__ void load_tile(float (&x)[kItems], const float4* vec, int tile, int head, int V)
{
    const int base = tile * (kTile / 4) + threadIdx.x;
    if (tile > 0 && (tile + 1) * kTile - head <= V) {
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

// Takes a tile into the running softmax: s <- s exp(m - m') + sum_i exp(x_i - m'), m' = max(m, x_0, x_1, ...).
// Returns the largest x_i of this thread. x - m' is formed before scaling by log2(e): near the maximum the
// subtraction is exact, also for logits of magnitude 1e3.
__device__ float accumulate(Softmax& acc, const float (&x)[kItems])
{
    float top = x[0];
    #pragma unroll
    for (int i = 1; i < kItems; ++i) top = fmaxf(top, x[i]);
    const float m = fmaxf(acc.m, top);
    float s = acc.s * exp_fast(acc.m - m);
    #pragma unroll
    for (int i = 0; i < kItems; ++i) s += exp_fast(x[i] - m);
    acc = {m, s};
    return top;
}

// Offers the tile's logits above `cut` to the list and returns the new cut. A thread reserves places for all
// its candidates at once. Those that find the list full wait until it has been shrunk, and are then
// held against the higher cut; each round makes room, so the loop ends.
__device__ float offer(Shared& sh, const float (&x)[kItems], float top, float cut, int first, int K)
{
    unsigned pending = 0;
    if (top > cut) {
        #pragma unroll
        for (int i = 0; i < kItems; ++i) pending |= unsigned(x[i] > cut) << i;
    }
    for (;;) {
        if (pending) {
            int place = atomicAdd(&sh.count, __popc(pending));
            asm volatile("" : "+r"(first));  // likewise
            #pragma unroll
            for (int i = 0; i < kItems; ++i) {
                if (pending >> i & 1 && place < kCapacity) {
                    sh.list[place++] = make_entry(x[i], first + i / 4 * 4 * kThreads + i % 4);
                    pending &= ~(1u << i);
                }
            }
        }
        if (!__syncthreads_or(pending)) return cut;
        // A logit equal to the cut is not needed: K entries that are at least as large are in the list.
        // (fmaxf turns the NaN that decodes from a cut below -inf into -inf.)
        cut = fmaxf(-INFINITY, logit_of(shrink(sh, K, K + K / 4 + 8)));
        #pragma unroll
        for (int i = 0; i < kItems; ++i)
            if (!(x[i] > cut)) pending &= ~(1u << i);
    }
}

__device__ Softmax block_total(Shared& sh, Softmax acc)
{
    for (int d = 16; d > 0; d /= 2)
        acc = combine(acc, {__shfl_xor_sync(~0u, acc.m, d), __shfl_xor_sync(~0u, acc.s, d)});
    if (threadIdx.x % 32 == 0) sh.warp[threadIdx.x / 32] = acc;
    __syncthreads();
    acc = sh.warp[0];
    for (int w = 1; w < kWarps; ++w) acc = combine(acc, sh.warp[w]);
    return acc;
}

// Step 3. Every block of the cluster leaves its K best (0 where it has fewer) and its (m, s) in the first
// block's shared memory, which reaches across the cluster. 16 blocks at K <= 128 fill the list exactly;
// the launcher uses smaller clusters for larger K.
__device__ Softmax merge_cluster(Shared& sh, Softmax acc, int part, int parts, int K)
{
#if __CUDA_ARCH__ >= 900
    auto cluster = cooperative_groups::this_cluster();
    shrink(sh, K, K);
    Entry best = threadIdx.x < sh.count ? sh.list[threadIdx.x] : 0;
    cluster.sync();  // the first block no longer needs its list
    Shared& first = *cluster.map_shared_rank(&sh, 0);
    if (threadIdx.x < K) first.list[part * K + threadIdx.x] = best;
    if (threadIdx.x == 0) first.part[part] = acc;
    cluster.sync();
    if (part > 0) return acc;
    if (threadIdx.x == 0) sh.count = parts * K;
    __syncthreads();
    acc = sh.part[0];
    for (int p = 1; p < parts; ++p) acc = combine(acc, sh.part[p]);
#endif
    return acc;
}

// Step 4, for the n <= 256 entries left: rank = how many are larger. Entries differ, so ranks do.
__device__ void write_ranked(Shared& sh, Softmax acc, int K, int* idx, float* probs)
{
    const int n = sh.count;
    if (threadIdx.x < n) {
        const Entry mine = sh.list[threadIdx.x];
        int rank = 0;
        for (int i = 0; i < n; ++i) rank += sh.list[i] > mine;
        if (rank < K) {
            idx[rank] = index_of(mine);
            probs[rank] = expf(logit_of(mine) - acc.m) / acc.s;
        }
    }
    if (n >= K) return;
    // Only n logits are above -inf, so at least K - n of the indices below K are masked ones: list those.
    sh.used[threadIdx.x] = 0;
    __syncthreads();
    if (threadIdx.x < n && index_of(sh.list[threadIdx.x]) < K) sh.used[index_of(sh.list[threadIdx.x])] = 1;
    __syncthreads();
    if (threadIdx.x < K && !sh.used[threadIdx.x]) {
        int place = n;
        for (int i = 0; i < threadIdx.x; ++i) place += !sh.used[i];
        if (place < K) idx[place] = threadIdx.x, probs[place] = 0.f;
    }
}

__global__ void __launch_bounds__(kThreads, kBlocksPerSM)
softmax_topk(const float* __restrict__ logits, int* __restrict__ idx, float* __restrict__ probs,
             int V, int K, int parts)
{
    __shared__ Shared sh;
    const int row = blockIdx.x / parts, part = blockIdx.x % parts;
    const float* start = logits + size_t(row) * V;
    const int head = reinterpret_cast<uintptr_t>(start) / sizeof(float) % 4;
    const float4* vec = reinterpret_cast<const float4*>(start - head);

    if (threadIdx.x == 0) sh.count = 0;
    __syncthreads();
    Softmax acc;
    float cut = -INFINITY;
    const int tiles = (V + head + kTile - 1) / kTile;
    for (int tile = part; tile < tiles; tile += parts) {
        float x[kItems];
        load_tile(x, vec, tile, head, V);
        float top = accumulate(acc, x);
        cut = offer(sh, x, top, cut, tile * kTile + 4 * int(threadIdx.x) - head, K);
    }
    acc = block_total(sh, acc);
    if (parts > 1) acc = merge_cluster(sh, acc, part, parts, K);
    if (part > 0) return;
    shrink(sh, K, kThreads);
    write_ranked(sh, acc, K, idx + size_t(row) * K, probs + size_t(row) * K);
}

// The smallest cluster that fills the device's block slots, and leaves no block without a tile.
int blocks_per_row(int rows, int V, int K, int slots)
{
    int parts = 1;
    while (rows * parts < slots && 2 * parts <= kMaxCluster && 2 * parts * K <= kCapacity &&
           2 * parts <= (V + kTile - 1) / kTile)
        parts *= 2;
    return parts;
}

}  // namespace

extern "C" cudaError_t fused_softmax_topk(const float* logits, int* idx, float* probs,
                                          int rows, int V, int K, cudaStream_t stream)
{
    if (rows < 0 || K < 1 || K > V || K > kThreads) return cudaErrorInvalidValue;
    if (rows == 0) return cudaSuccess;
    int device = 0, sms = 0, major = 0;
    if (cudaError_t e = cudaGetDevice(&device)) return e;
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device);
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    int parts = major >= 9 ? blocks_per_row(rows, V, K, sms * kBlocksPerSM) : 1;

    cudaLaunchAttribute cluster;
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = parts;
    cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
    cudaLaunchConfig_t launch = {};
    launch.gridDim = dim3(unsigned(rows) * parts);
    launch.blockDim = dim3(kThreads);
    launch.stream = stream;
    launch.attrs = &cluster;
    launch.numAttrs = parts > 1 ? 1 : 0;
    if (parts > 8)  // 8 is the portable size; 16 has to be asked for
        cudaFuncSetAttribute(softmax_topk, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
    return cudaLaunchKernelEx(&launch, softmax_topk, logits, idx, probs, V, K, parts);
}
