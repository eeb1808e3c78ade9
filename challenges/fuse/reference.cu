// Fused softmax + top-k: for each row of logits, the K largest softmax probabilities and where they are.
//
//     p_v = exp(x_v - m) / s        m = max_v x_v        s = sum_v exp(x_v - m)
//
// Softmax keeps the order of its inputs, so the top-k can be found on the logits themselves, while m and s
// are still being accumulated. That makes one pass enough: each logit is read once (4 bytes), and only
// K indices and K probabilities are written. At (1024, 128256) that is 525 MB in and 0.26 MB out; an
// H200 reads at 4.4 TB/s, and the arithmetic (about 15 instructions a logit) hides behind the reading.
//
// Build:   nvcc -O3 -arch=sm_90 -shared -Xcompiler -fPIC reference.cu -o libfuse.so
// Use:     fused_softmax_topk(logits, idx, probs, rows, V, K, stream)      // all device pointers
//          logits [rows, V] float32; idx [rows, K] int32; probs [rows, K] float32, largest first
//          1 <= K <= min(V, 256); any V, any row count, any 4-byte alignment
//
// How a row is worked on:
//   1. Stream.  A block of 256 threads reads the row in tiles. Every thread keeps an online softmax (m, s) of
//      its own (online_softmax.cuh), and offers each logit above the current cut to a list in shared memory.
//   2. Cut.     Now and then the block raises the cut, to a value that at least K logits have reached; when
//      the list is full, it drops what is below (topk_list.cuh). On random data the cut soon stops almost
//      everything: at K = 32 some 250 of 128,256 logits are ever listed. Ascending data is the worst case.
//   3. Merge.   With few rows, a cluster of up to 16 blocks shares one row, tile by tile. At the end they
//      write their K best and their (m, s) into the first block's shared memory. No workspace in global
//      memory is needed. Before Hopper (sm_90) there are no clusters, and a row gets one block.
//   4. Rank.    At most 256 entries are left, one per thread. A thread counts the entries that beat its
//      own; that number is its place in the output.
//
// Ties go to any of the tied indices. A logit of -inf has probability 0 and is listed only when fewer than
// K logits are larger; a row of nothing but -inf has no softmax, and gets probability 0 throughout.
// Where -inf has to fill places, it does so with distinct indices. NaN is never listed, but makes the
// row's probabilities NaN, as +inf does.

#include <cooperative_groups.h>

#include <algorithm>

#include "topk_list.cuh"

namespace {

// Steps 1 and 2 for the tiles `part`, `part + parts`, ... of a row. Warps take tiles at their own pace: while
// the cut stands, all that they share is the list's counter. They meet to raise the cut when a warp comes
// to tile 1, 3, 9, ... of its block, when the list is full, and when they are done.
__device__ void stream(Shared& sh, Softmax& acc, float& cut, const float4* vec, int head, int V, int K,
                       int part, int parts)
{
    const int tiles = (V + head + kTile - 1) / kTile;
    float top[2] = {-INFINITY, -INFINITY}, x[kItems], highest = -INFINITY;
    unsigned pending = 0;  // bit i: x[i] may have to go into the list
    for (int tile = part - parts, seen = 0, due = 1;;) {
        const bool stuck = __any_sync(0xffffffffu, pending);
        if (!stuck) {
            tile += parts, ++seen;
            if (tile < tiles) {
                load_tile(x, vec, tile, head, V);
                highest = accumulate(acc, top, x);
                pending = ~0u;
            }
        }
        const bool done = tile >= tiles;
        const bool full = *static_cast<volatile int*>(&sh.count) > kCapacity;
        if (__any_sync(0xffffffffu, stuck || done || full || seen == due)) {
            if (__syncthreads_and(done)) break;
            const bool shrinks = sh.count > kCapacity;
            cut = raise(sh, cut, top, K);
            if (shrinks) cut = shrink(sh, K, K + K / 4 + 8, cut, INFINITY);
            if (due < 1 << 28) due *= kMeetAgain;
        }
        if (done || !(highest > cut)) pending = 0;
        else pending = offer(sh, x, pending, cut, tile * kTile + 4 * int(threadIdx.x) - head);
    }
    cut = raise(sh, cut, top, K);
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

// Step 3. Every block of the cluster leaves its K best (or a few more, or 0 where it has fewer), its (m, s)
// and its cut in the first block's shared memory, which all blocks of a cluster can reach.
__device__ Softmax merge_cluster(Shared& sh, Softmax acc, float& cut, int part, int parts, int K)
{
#if __CUDA_ARCH__ >= 900
    auto cluster = cooperative_groups::this_cluster();
    const int slot = min(kCapacity / parts, kThreads);
    cut = shrink(sh, K, slot, cut, acc.m);
    const Entry best = threadIdx.x < sh.count ? sh.list[threadIdx.x] : 0;
    cluster.sync();  // the first block has taken its entries out of the list
    Shared& first = *cluster.map_shared_rank(&sh, 0);
    if (threadIdx.x < slot) first.list[part * slot + threadIdx.x] = best;
    if (threadIdx.x == 0) first.part[part] = acc, first.part_cut[part] = cut;
    cluster.sync();
    if (part > 0) return acc;
    if (threadIdx.x == 0) sh.count = parts * slot;
    __syncthreads();
    acc = sh.part[0], cut = sh.part_cut[0];
    for (int p = 1; p < parts; ++p) acc = combine(acc, sh.part[p]), cut = fmaxf(cut, sh.part_cut[p]);
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
    if (threadIdx.x == 0) sh.count = 0;
    __syncthreads();
    Softmax acc;
    float cut = -INFINITY;
    stream(sh, acc, cut, reinterpret_cast<const float4*>(start - head), head, V, K, part, parts);
    acc = block_total(sh, acc);
    if (parts > 1) acc = merge_cluster(sh, acc, cut, part, parts, K);
    if (part > 0) return;
    shrink(sh, K, kThreads, cut, acc.m);
    write_ranked(sh, acc, K, idx + size_t(row) * K, probs + size_t(row) * K);
}

// How many blocks share a row: enough to fill the device's block slots, no more than there are tiles or than
// have room for K entries each in the first one's list, and such that none has a tile more than need be.
int blocks_per_row(int rows, int V, int K, int slots)
{
    const int tiles = (V + kTile - 1) / kTile;
    int parts = std::min((slots + rows - 1) / rows, std::min(kMaxCluster, kCapacity / std::max(K, 128)));
    const int rounds = (tiles + parts - 1) / parts;
    return (tiles + rounds - 1) / rounds;
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
