/* SPDX-License-Identifier: Apache-2.0 */
/* fault_purged.h: where code was that has been purged.
 *
 * Model    When an object has been unmapped its range is mapped anew, without access: nothing
 *          else comes to lie there, and a pointer that nobody could find is a fault that can
 *          be named. One table for the OS process; beyond its bounds the oldest range goes.
 * Threads  any. Looking takes no lock, also in a signal handler.
 */
#ifndef KR_CORE_FAULT_PURGED_H
#define KR_CORE_FAULT_PURGED_H

#include <stdbool.h>
#include <stdint.h>

#define KRI_PURGED_MAX 8192u
#define KRI_PURGED_BYTES_MAX ((uint64_t)64 << 30)

struct kri_purged {
        uintptr_t low, high;
        uint32_t module, version; /* atoms */
};

/* Right after it was unmapped. False: somebody was faster, or no memory: it is not reserved. */
bool kri_purged_reserve(const struct kri_purged *range);

/* What was there; false: nothing that we know of. */
bool kri_purged_find(uintptr_t at, struct kri_purged *ret);

#endif
