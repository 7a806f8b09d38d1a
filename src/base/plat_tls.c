/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_tls.h"

__thread void *kri_tls;

__attribute__((noinline)) void kri_tls_set(void *value)
{
        __asm__ volatile("" ::: "memory");
        kri_tls = value;
        __asm__ volatile("" ::: "memory");
}
