// The read roof: how fast this device can read float32 at all. Each thread adds up 16-byte loads, eight in
// flight, and one atomic a block keeps the sum from being optimised away. Nothing that has to read the
// same bytes can be faster, so every timing of a kernel is given as a share of this one.
//
// Build:   nvcc -O3 -arch=sm_90 -shared -Xcompiler -fPIC roof.cu -o libroof.so

#include <cuda_runtime.h>

namespace {

constexpr int kLoads = 8;

__global__ void read_all(const float4* __restrict__ x, long long vectors, float* sum)
{
    float total = 0.f;
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < vectors; i += stride * kLoads) {
        float4 q[kLoads];
        #pragma unroll
        for (int j = 0; j < kLoads; ++j)
            q[j] = i + j * stride < vectors ? __ldcs(x + i + j * stride) : float4{0.f, 0.f, 0.f, 0.f};
        #pragma unroll
        for (int j = 0; j < kLoads; ++j) total += (q[j].x + q[j].y) + (q[j].z + q[j].w);
    }
    for (int d = 16; d > 0; d /= 2) total += __shfl_xor_sync(0xffffffffu, total, d);
    if (threadIdx.x % 32 == 0) atomicAdd(sum, total);
}

}  // namespace

// Reads `count` floats (a multiple of 4, 16-byte aligned) with `blocks_per_sm` blocks of 512 threads.
extern "C" cudaError_t read_roof(const float* x, long long count, float* sum, int blocks_per_sm,
                                 cudaStream_t stream)
{
    int device = 0, sms = 0;
    if (cudaError_t e = cudaGetDevice(&device)) return e;
    cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, device);
    read_all<<<sms * blocks_per_sm, 512, 0, stream>>>(reinterpret_cast<const float4*>(x), count / 4, sum);
    return cudaGetLastError();
}
