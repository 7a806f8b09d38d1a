/* SPDX-License-Identifier: Apache-2.0 */
/* bugs_arithmetic.c: arithmetic that traps, or does not. */
#include "bugs.h"

#include <fenv.h>
#include <limits.h>

/* What aarch64 has a result for, be it 0, and x86-64 a trap. */
#if defined(__aarch64__)
#define TRAPPED ALLOWED
#else
#define TRAPPED CONTAINED
#endif

BUG(divide_by_zero, ARITHMETIC, TRAPPED, "divide by zero")
{
        sink = 100 / (int)number(0);
}

BUG(modulo_zero, ARITHMETIC, TRAPPED, "take the rest of a division by zero")
{
        sink = 100 % (int)number(0);
}

BUG(divide_int_min, ARITHMETIC, TRAPPED, "divide INT_MIN by -1")
{
        sink = INT_MIN / (int)number((size_t)-1);
}

BUG(divide_int64_min, ARITHMETIC, TRAPPED, "divide INT64_MIN by -1")
{
        sink_size = (size_t)(INT64_MIN / (int64_t)number((size_t)-1));
}

BUG(unmasked_float, ARITHMETIC, TRAPPED,
    "divide a double by zero with exceptions unmasked")
{
        volatile double zero = 0, result;

        feenableexcept(FE_DIVBYZERO);
        result = 1 / zero;
        sink = result > 0;
}

BUG(size_wraps, ARITHMETIC, ANY_END | CORRUPTED | HUNG,
    "allocate for a product that wraps around")
{
        size_t count = number(((size_t)1 << 62) + 1);
        int *numbers = malloc(count * sizeof(*numbers));

        for (size_t i = 0; i < number(1u << 28); i++)
                ((volatile int *)numbers)[i] = 1;
}

BUG(float_as_index, ARITHMETIC, TRAPPED, "use a NaN as an index")
{
        volatile double nan = 0;
        static char table[16];

        nan = 0 / nan;
        ((char *)hidden(table))[(int64_t)nan] = 1;
}

BUG(negative_length, ARITHMETIC, CONTAINED, "copy a negative number of bytes")
{
        char from[8] = "abcdefg", to[8];

        memcpy(hidden(to), from, number((size_t)-8));
        sink = to[0];
}
