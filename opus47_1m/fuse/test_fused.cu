// Compares with a CPU implementation on random logits. nvcc -O3 -o test_fused test_fused.cu && ./test_fused
#include "fused_softmax_topk.cu"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

template <int K>
int failures(int B, int T, int V) {
    const int rows = B * T;
    std::mt19937 gen(V);
    std::normal_distribution<float> normal(0.f, 3.f);
    std::vector<float> x((size_t)rows * V), p((size_t)rows * K);
    for (float& value : x) value = normal(gen);
    std::vector<int> idx((size_t)rows * K);
    float *dx, *dp;
    int* di;
    cudaMalloc(&dx, x.size() * 4);
    cudaMalloc(&dp, p.size() * 4);
    cudaMalloc(&di, idx.size() * 4);
    cudaMemcpy(dx, x.data(), x.size() * 4, cudaMemcpyHostToDevice);
    launch_fused_softmax_topk<K>(dx, di, dp, B, T, V);
    cudaMemcpy(p.data(), dp, p.size() * 4, cudaMemcpyDeviceToHost);
    cudaMemcpy(idx.data(), di, idx.size() * 4, cudaMemcpyDeviceToHost);
    int bad = 0;
    for (int r = 0; r < rows; ++r) {
        const float* row = x.data() + (size_t)r * V;
        std::vector<int> order(V);
        std::iota(order.begin(), order.end(), 0);
        std::partial_sort(order.begin(), order.begin() + K, order.end(),
                          [&](int a, int b) { return row[a] > row[b]; });
        double s = 0;
        for (int v = 0; v < V; ++v) s += exp((double)row[v] - row[order[0]]);
        for (int k = 0; k < K; ++k) {
            double want = exp((double)row[order[k]] - row[order[0]]) / s;
            bad += idx[r * K + k] != order[k] || fabs(p[r * K + k] - want) > 1e-5 * want + 1e-12;
        }
    }
    cudaFree(dx), cudaFree(dp), cudaFree(di);
    printf("K=%d B=%d T=%d V=%d: %d wrong\n", K, B, T, V, bad);
    return bad;
}

int main() {
    int bad = failures<8>(2, 3, 1000) + failures<16>(1, 4, 50257) + failures<32>(1, 1, 128256);
    puts(bad ? "FAILED" : "all passed");
    return bad != 0;
}
