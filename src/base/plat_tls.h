/* SPDX-License-Identifier: Apache-2.0 */
/* plat_tls.h: one thread-local pointer, read so that no compiler remembers across a stack
 * switch where it was. The code after a switch may run on another thread, and compilers
 * merge two looks at thread-local storage even through functions that are never inlined;
 * the volatile assembly is what stops them.
 */
#ifndef KR_BASE_PLAT_TLS_H
#define KR_BASE_PLAT_TLS_H

extern __thread void *kri_tls
        __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Stands beside kri_tls, and is an operand below: link-time optimisation does not read assembly,
 * and would find nobody who needs the file. */
extern const char kri_tls_anchor __attribute__((visibility("hidden")));

static inline void *kri_tls_get(void)
{
        void *value;

#if defined(__x86_64__)
        __asm__ volatile("movq kri_tls@gottpoff(%%rip), %0\n\t"
                         "movq %%fs:(%0), %0"
                         : "=r"(value)
                         :
                         : "memory");
#else
        char *thread;
        long offset;

        __asm__ volatile("mrs %0, tpidr_el0\n\t"
                         "adrp %1, :gottprel:kri_tls\n\t"
                         "ldr %1, [%1, #:gottprel_lo12:kri_tls]"
                         : "=r"(thread), "=&r"(offset)
                         :
                         : "memory");
        value = *(void **)(thread + offset);
#endif
        return value;
}

static inline void kri_tls_set(void *value)
{
#if defined(__x86_64__)
        void *offset;

        __asm__ volatile("movq kri_tls@gottpoff(%%rip), %0\n\t"
                         "movq %1, %%fs:(%0)"
                         : "=&r"(offset)
                         : "r"(value), "m"(kri_tls_anchor)
                         : "memory");
#else
        char *thread;
        long offset;

        __asm__ volatile("mrs %0, tpidr_el0\n\t"
                         "adrp %1, :gottprel:kri_tls\n\t"
                         "ldr %1, [%1, #:gottprel_lo12:kri_tls]"
                         : "=r"(thread), "=&r"(offset)
                         : "m"(kri_tls_anchor)
                         : "memory");
        *(void **)(thread + offset) = value;
#endif
}

#endif
