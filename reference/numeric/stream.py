"""First three draws of one key, by an independent Philox4x32-10 (Salmon et al. 2011).

    python stream.py

Key: seed 0x0123456789abcdef, purpose 1, scenario 2, replicate 3, patient 0x400000005. Layout as
documented in crates/numeric/src/stream.rs.
"""


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        low = c[0] * 0xD2511F53
        high = c[2] * 0xCD9E8D57
        c = [(high >> 32) ^ c[1] ^ k[0], high & 0xFFFFFFFF,
             (low >> 32) ^ c[3] ^ k[1], low & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
h = philox([1, 2, 3, 4], [0x89ABCDEF, 0x01234567])
draws = []
for block in range(2):
    b = philox([block, 5, h[2], h[3]], [h[0], h[1]])
    draws += [b[1] << 32 | b[0], b[3] << 32 | b[2]]
for draw in draws[:3]:
    print(f"{draw:#018x}")
