// Test program: compares the kernel with a CPU softmax and sort.
#include "fused_softmax_topk.cuh"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

static int run(int B, int T, int V) {
    constexpr int K = 16;
    const int rows = B * T;
    std::vector<float> h((size_t)rows * V);
    for (auto& v : h) v = 10.0f * (rand() / (float)RAND_MAX) - 5.0f;
    float *d, *p;
    int* ix;
    cudaMalloc(&d, h.size() * sizeof(float));
    cudaMalloc(&p, rows * K * sizeof(float));
    cudaMalloc(&ix, rows * K * sizeof(int));
    cudaMemcpy(d, h.data(), h.size() * sizeof(float), cudaMemcpyHostToDevice);
    fused::launch_fused_softmax_topk<K>(d, ix, p, B, T, V);
    std::vector<int> got(rows * K);
    cudaMemcpy(got.data(), ix, got.size() * sizeof(int), cudaMemcpyDeviceToHost);
    int wrong = 0;
    for (int r = 0; r < rows; ++r) {
        std::vector<int> order(V);
        for (int v = 0; v < V; ++v) order[v] = v;
        const float* row = &h[(size_t)r * V];
        std::sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
        for (int k = 0; k < K; ++k) wrong += got[r * K + k] != order[k];
    }
    printf("B=%d T=%d V=%d  %s\n", B, T, V, wrong ? "FAIL" : "PASS");
    cudaFree(d);
    cudaFree(p);
    cudaFree(ix);
    return wrong != 0;
}

int main() { return run(1, 1, 1000) + run(2, 8, 50257) + run(1, 4, 151936); }
