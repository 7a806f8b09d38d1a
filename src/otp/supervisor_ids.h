/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_ids.h: a supervisor's children by id: a table of chains.
 *
 * Owns     its places (kr_alloc); not the children, which carry hash and link.
 */
#ifndef KR_OTP_SUPERVISOR_IDS_H
#define KR_OTP_SUPERVISOR_IDS_H

#include <krarup/term.h>

struct kri_child;

struct kri_ids {
        struct kri_child **places; /* NULL while cap is 0 */
        size_t cap;                /* a power of two */
        size_t count;
};

/* Room for one more. False: no memory. */
bool kri_ids_reserve(struct kri_ids *t);
/* There must be room; sets the child's hash. */
void kri_ids_put(struct kri_ids *t, struct kri_child *child);
struct kri_child *kri_ids_get(const struct kri_ids *t, kr_term id);
void kri_ids_remove(struct kri_ids *t, struct kri_child *child);
void kri_ids_clear(struct kri_ids *t);

#endif
