/* SPDX-License-Identifier: Apache-2.0 */
/* arith.c: numbers out of terms, and the reason when there is none. */
#include <krarup/arith.h>
#include <krarup/process.h>

void kri_badarith(void)
{
        kr_error("badarith");
}

int64_t kr_to_int64(kr_term t)
{
        int64_t n;

        if (!kr_get_int64(t, &n))
                kri_badarith();
        return n;
}

double kr_to_double(kr_term t)
{
        double d;

        if (!kr_get_number(t, &d))
                kri_badarith();
        return d;
}
