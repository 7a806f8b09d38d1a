/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_pids.h: a table from pids to a word each, for supervisors of a million children.
 *
 * Model    Open addressing, linear probing, the next place after the last is the first. A slot
 *          is 24 bytes; between 53 and 80 in a hundred are in use, so that an entry costs at
 *          most 45 bytes. Shrinks when a quarter is left.
 * Order    Of the places: from index and serial of the pids, so the same in every run of a seed.
 * Owns     its slots (kr_alloc); not what the values mean.
 */
#ifndef KR_OTP_SUPERVISOR_PIDS_H
#define KR_OTP_SUPERVISOR_PIDS_H

#include <krarup/term.h>

struct kri_pid_slot {
        uint64_t num; /* of the pid; 0: free */
        uint32_t node;
        uint32_t flags; /* the user's; 0 at first */
        uint64_t value;
};

struct kri_pids {
        struct kri_pid_slot *slots; /* NULL while cap is 0 */
        size_t cap, count;
};

/* Room for one more. False: no memory. */
bool kri_pids_reserve(struct kri_pids *t);
/* There must be room, and no such pid. */
struct kri_pid_slot *kri_pids_put(struct kri_pids *t, kr_pid pid, uint64_t value);
/* NULL: not there. Valid until the table changes. */
struct kri_pid_slot *kri_pids_get(const struct kri_pids *t, kr_pid pid);
void kri_pids_remove(struct kri_pids *t, kr_pid pid);
void kri_pids_clear(struct kri_pids *t);

static inline kr_pid kri_pid_slot_pid(const struct kri_pid_slot *slot)
{
        kr_pid pid = { slot->num, slot->node, 0 };

        return pid;
}

/* For each entry: for (slot = kri_pids_next(t, NULL); slot; slot = kri_pids_next(t, slot)) */
struct kri_pid_slot *kri_pids_next(const struct kri_pids *t, struct kri_pid_slot *slot);

#endif
