/* SPDX-License-Identifier: Apache-2.0 */
/* plat_mem.h: address space from the operating system.
 *
 * Reserving costs nothing until pages are touched. All functions may be called by any
 * thread; sizes are rounded up to whole pages.
 */
#ifndef KR_BASE_PLAT_MEM_H
#define KR_BASE_PLAT_MEM_H

#include <stdbool.h>
#include <stddef.h>

#define KRI_PAGE 4096u
#define KRI_HUGE_PAGE (2u << 20)

/* Readable, writable, zeroed on first touch; NULL if refused. `align` is a power of two. */
void *kri_mem_reserve(size_t size, size_t align);
void kri_mem_release(void *place, size_t size);

/* Ask for (or refuse) pages of 2 MiB in this range. */
void kri_mem_huge(void *place, size_t size, bool want);

/* Touch all of it, without a change to what is there or to what others write there meanwhile. */
void kri_mem_populate(void *place, size_t size);

/* Give the pages back; the range reads as zeros when touched again. */
void kri_mem_forget(void *place, size_t size);

/* Make these pages fault when touched. Where the kernel can (6.13), without a mapping of
 * their own, so a million guards are possible; otherwise by protection, which stops at the
 * kernel's limit of mappings (vm.max_map_count, about 32,000 guards): false. */
bool kri_mem_guard(void *place, size_t size);
/* Make them memory again, zeroed. Also in a signal handler. */
bool kri_mem_unguard(void *place, size_t size);

/* Have malloc give back what it does not need, where it can. */
void kri_mem_trim_malloc(void);

/* Bytes of this OS process that are resident. */
size_t kri_mem_resident(void);

#endif
