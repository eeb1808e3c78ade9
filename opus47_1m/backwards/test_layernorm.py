import numpy as np

from layernorm import layernorm_backward, layernorm_forward

RNG = np.random.default_rng(7)


def case(shape, offset=0.0, scale=1.0):
    D = shape[-1]
    return (
        offset + scale * RNG.normal(size=shape),
        RNG.normal(size=D),
        RNG.normal(size=D),
        RNG.normal(size=shape),
    )


def complex_step(x, gamma, beta, dy, which, h=1e-30):
    """Exact to rounding: Im f(a + ih) / h has no difference to cancel."""
    args = [x.astype(complex), gamma.astype(complex), beta.astype(complex)]
    out = np.zeros(args[which].shape)
    for i in np.ndindex(out.shape):
        args[which][i] += 1j * h
        out[i] = np.sum(layernorm_forward(*args)[0] * dy).imag / h
        args[which][i] -= 1j * h
    return out


def test_gradients():
    for shape in [(2, 3, 7), (1, 1, 4), (3, 2, 16)]:
        x, gamma, beta, dy = case(shape)
        _, cache = layernorm_forward(x, gamma, beta)
        for which, got in enumerate(layernorm_backward(dy, cache)):
            want = complex_step(x, gamma, beta, dy, which)
            assert np.allclose(got, want, rtol=1e-10, atol=1e-12)


def test_rows_of_dx_are_orthogonal_to_ones():
    x, gamma, beta, dy = case((4, 5, 32))
    dx, _, _ = layernorm_backward(dy, layernorm_forward(x, gamma, beta)[1])
    assert np.abs(dx.sum(-1)).max() < 1e-12


def test_offset():
    x, gamma, beta, dy = case((2, 2, 64))
    near = layernorm_backward(dy, layernorm_forward(x, gamma, beta)[1])[0]
    far = layernorm_backward(dy, layernorm_forward(x + 2.0**20, gamma, beta)[1])[0]
    assert np.allclose(near, far, atol=1e-8)


def test_constant_rows():
    _, gamma, beta, dy = case((1, 2, 8))
    y, cache = layernorm_forward(np.full((1, 2, 8), 5.0), gamma, beta)
    assert np.array_equal(y, np.broadcast_to(beta, y.shape))
    assert all(np.isfinite(g).all() for g in layernorm_backward(dy, cache))


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
