import torch
from torch.nn.functional import maxpool2d

def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return O = softmax(Q K^T / sqrt(D)) V. All arrays: (B, H, N, D, T) with

*N x N matrices with 1 to the tile_size elements and a tile_size per row.
*A sequence of all tokens, where the last token is the tile_size, which is
*scaled by the tile_size of the last token.

*The result is the output of a 3x3 matrix that is the result of a linear transformation
*by the matrix of all tokens.

*The output is a vector of all tokens, which are multiplied by the matrix
*of all tokens that was scaled by the tile_size of the last token of the matrix of all tokens.

*The results are returned as a list of the values of the last token of the matrix of all tokens.

*This is not a 3x3 matrix of the last token of the matrix of all tokens, but
*the 3x3 matrix of last tokens that has all the last tokens, which is
*a matrix of all tokens.

*This is the result of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the result of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens is a 3x3 matrix of last tokens of the matrix of all tokens.

*The output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens is
*a matrix of all tokens with all the last tokens of the matrix of all tokens.
*The result of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.

*The result of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.

*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.
*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.
*So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

*So, this is what you get when the output of a 3x3 matrix of last tokens that has all the last tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

So, this is what you get when the last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.

The last tokens of the matrix of all tokens of the matrix of all tokens are multiplied by the matrix of all tokens of the matrix of all tokens.
