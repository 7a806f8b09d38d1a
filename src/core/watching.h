/* SPDX-License-Identifier: Apache-2.0 */
/* watching.h: the records of monitors and aliases: at the watcher, and at the watched.
 *
 * Model    At the watcher a struct kri_watching per reference; at the watched who it is that
 *          watches, by the same reference. Most processes have one of each at a time (a call
 *          that waits for its answer): the first watcher lies in the process's record
 *          (p->watcher), the first watching in its extra; more, and watchers by name, lie in tables.
 * Threads  The owner, or whoever acts for it (sleeper.h).
 */
#ifndef KR_CORE_WATCHING_H
#define KR_CORE_WATCHING_H

#include <krarup/link.h>

#include "extra.h"
#include "node.h"

/* -- at the watcher -- */

/* A record for `ref`, zeroed but for its reference and what `mode` and `tag` say. NULL: no
 * memory; nothing is left. */
struct kri_watching *kri_watching_new(struct kri_sched *s, struct kri_proc *p, kr_ref ref,
                                      kr_alias_mode mode, const kr_term *tag);

/* Of a process whose extra has its first record free: an alias that is a monitor, too; for a
 * call both go with the answer (REPLY_DEMONITOR). */
static inline void kri_watching_call(struct kri_proc *p, kr_ref ref, kr_pid target,
                                     kr_alias_mode mode)
{
        struct kri_watching *w = &p->extra->first_watching;

        w->ref[0] = ref.id[0];
        w->ref[1] = ref.id[1];
        w->ref[2] = (kri_word)ref.node << 32;
        w->target = kri_pid_word(target);
        w->name = 0;
        w->mode = (uint8_t)mode;
        w->monitoring = w->alias = true;
        w->once = mode == KR_ALIAS_REPLY_DEMONITOR;
        w->tag = NULL;
}

/* Has p called `target` by that reference, and does it wait for the answer? Then the record of
 * it goes; false: nothing has happened. */
static inline bool kri_watching_called(struct kri_proc *p, uint64_t ref, kri_word target)
{
        struct kri_watching *w = p->extra != NULL ? &p->extra->first_watching : NULL;

        if (w == NULL || w->ref[0] != ref || w->target != target || !w->monitoring ||
            !w->once || w->tag != NULL)
                return false;
        w->ref[0] = 0;
        return true;
}

/* Is that its first reference, and an alias for more than one message? */
static inline bool kri_watching_hears(const struct kri_proc *p, uint64_t ref)
{
        const struct kri_watching *w = p->extra != NULL ? &p->extra->first_watching
                                                        : NULL;

        return w != NULL && w->ref[0] == ref && w->alias && !w->once;
}

/* NULL: there is none. */
struct kri_watching *kri_watching_find(const struct kri_proc *p, uint64_t ref);

/* Forget it if it says nothing any more: neither monitor nor alias. */
void kri_watching_drop_spent(struct kri_sched *s, struct kri_proc *p,
                             struct kri_watching *w);

/* for (uint32_t at = 0; (w = kri_watching_next(p, &at)) != NULL; ) */
struct kri_watching *kri_watching_next(const struct kri_proc *p, uint32_t *at);

/* All, whatever they say. */
void kri_watching_fini(struct kri_sched *s, struct kri_proc *p);

/* -- at the watched -- */

/* name: an atom, or 0. False: no memory. */
bool kri_watcher_add(struct kri_proc *p, uint64_t ref, kri_word watcher, uint64_t name);

/* False: there is none. */
bool kri_watcher_remove(struct kri_proc *p, uint64_t ref);

/* key: reference; a: watcher; b: name. False at the end; `at` as above. */
bool kri_watcher_next(const struct kri_proc *p, uint32_t *at,
                      struct kri_entry3 *ret_entry);

void kri_watcher_fini(struct kri_proc *p);

#endif
