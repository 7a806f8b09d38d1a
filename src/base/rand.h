/* SPDX-License-Identifier: Apache-2.0 */
/* rand.h: seeded chance (splitmix64): the same seed, the same numbers, everywhere. */
#ifndef KR_BASE_RAND_H
#define KR_BASE_RAND_H

#include <stdint.h>

static inline uint64_t kri_mix64(uint64_t x)
{
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
        x = (x ^ x >> 27) * 0x94d049bb133111ebu;
        return x ^ x >> 31;
}

static inline uint64_t kri_rand_next(uint64_t *state)
{
        return kri_mix64(*state += 0x9e3779b97f4a7c15u);
}

/* 0 .. bound-1; bound > 0 */
static inline uint32_t kri_rand_below(uint64_t *state, uint32_t bound)
{
        return (uint32_t)((kri_rand_next(state) >> 32) * bound >> 32);
}

#endif
