/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_purged.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/plat_thread.h"

#include "fault_symbol.h"

/* An entry is written before `low`, which makes it count, and taken back in the other order:
 * who reads it looks at `low` again. */
struct entry {
        _Atomic uintptr_t low; /* 0: none */
        _Atomic uintptr_t high;
        _Atomic uint64_t whose; /* module | version << 32 */
};

static struct entry entries[KRI_PURGED_MAX];
static _Atomic uint32_t used; /* entries ever written, at most all */
static uint32_t newest, oldest;
static uint64_t bytes; /* reserved; with the two above, under lock */
static kri_mutex lock = KRI_MUTEX_INIT;

/* locked. */
static void drop_oldest(void)
{
        struct entry *e = &entries[oldest % KRI_PURGED_MAX];
        uintptr_t low = atomic_load(&e->low), high = atomic_load(&e->high);

        atomic_store(&e->low, 0);
        bytes -= high - low;
        oldest++;
        kri_symbols_drop(low, high); /* something else may come to lie there */
        (void)munmap((void *)low, high - low);
}

static bool map(uintptr_t low, uintptr_t high)
{
        void *at = mmap((void *)low, high - low, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
                        -1, 0);

        if (at != MAP_FAILED && at != (void *)low)
                (void)munmap(at, high - low); /* a kernel that does not know the flag */
        return at == (void *)low;
}

bool kri_purged_reserve(const struct kri_purged *range)
{
        struct entry *e;
        bool done;

        kri_lock(&lock);
        while (newest - oldest == KRI_PURGED_MAX ||
               (newest != oldest &&
                bytes + (range->high - range->low) > KRI_PURGED_BYTES_MAX))
                drop_oldest();
        done = map(range->low, range->high);
        if (done) {
                e = &entries[newest++ % KRI_PURGED_MAX];
                bytes += range->high - range->low;
                atomic_store(&e->high, range->high);
                atomic_store(&e->whose,
                             (uint64_t)range->module | (uint64_t)range->version << 32);
                atomic_store(&e->low, range->low);
                if (newest <= KRI_PURGED_MAX)
                        atomic_store(&used, newest);
        } else {
                kri_symbols_drop(range->low, range->high);
        }
        kri_unlock(&lock);
        return done;
}

bool kri_purged_find(uintptr_t at, struct kri_purged *ret)
{
        uint32_t count = atomic_load(&used);

        for (uint32_t i = 0; i < count; i++) {
                struct entry *e = &entries[i];
                uintptr_t low = atomic_load(&e->low), high = atomic_load(&e->high);
                uint64_t whose = atomic_load(&e->whose);

                if (low == 0 || at < low || at >= high || atomic_load(&e->low) != low)
                        continue;
                *ret = (struct kri_purged){ low, high, (uint32_t)whose,
                                            (uint32_t)(whose >> 32) };
                return true;
        }
        return false;
}
