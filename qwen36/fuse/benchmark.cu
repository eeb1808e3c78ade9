/* nvcc -O3 benchmark.cu fused_softmax_topk.cu -o benchmark && ./benchmark */
#include <cstdio>
#include <cuda_runtime.h>

extern "C" cudaError_t fused_softmax_topk(const float*, int*, float*, int, int, int, int, cudaStream_t);

int main()
{
    const int B = 8, T = 128, V = 128256, K = 32;
    float *x, *p;
    int* i;
    cudaMalloc(&x, sizeof(float) * (size_t)B * T * V);
    cudaMalloc(&p, sizeof(float) * B * T * K);
    cudaMalloc(&i, sizeof(int) * B * T * K);
    cudaEvent_t a, b;
    cudaEventCreate(&a);
    cudaEventCreate(&b);
    fused_softmax_topk(x, i, p, B, T, V, K, 0);
    cudaEventRecord(a);
    for (int n = 0; n < 10; ++n) fused_softmax_topk(x, i, p, B, T, V, K, 0);
    cudaEventRecord(b);
    cudaEventSynchronize(b);
    float ms;
    cudaEventElapsedTime(&ms, a, b);
    printf("%.3f ms per call\n", ms / 10);
    return 0;
}
