/* SPDX-License-Identifier: Apache-2.0 */
/* link.h: links, monitors and aliases of a process: its own ends of them.
 *
 * Model    Either end of a link is a record of its own process; signals keep them in step:
 *            LINK         the sender has added its end
 *            UNLINK       the sender has removed its end; always answered by UNLINK_ACK
 *            LINK_EXIT    the sender has ended
 *          Between UNLINK and its ACK a LINK from that peer is stale: it was sent before the
 *          peer saw our UNLINK, which removes the peer's end; so it is not taken.
 *          A LINK_EXIT without a link is not taken either: that is all that unlink promises.
 *          The first link lies in p->link, more in a set; UNLINKs that are pending in a table.
 *          A monitor is a record at the watcher and one at the watched (watching.h). The DOWN
 *          message is built by the watched process whole, and becomes a message at the
 *          watcher if its record is still there.
 *          Where the other end sleeps no signal is needed (sleeper.h).
 */
#ifndef KR_CORE_LINK_H
#define KR_CORE_LINK_H

#include <krarup/link.h>

#include "proc.h"
#include "sched.h"

/* Both are atomic: the child is in no queue yet. False: no memory; nothing is left. */
bool kri_link_child(struct kri_proc *parent, struct kri_proc *child);
bool kri_monitor_child(struct kri_sched *s, struct kri_proc *parent,
                       struct kri_proc *child, const kr_spawn_opts *opts);
/* Both taken back, if they are there. */
void kri_link_undo(struct kri_sched *s, struct kri_proc *parent, struct kri_proc *child);

/* Begin to watch w->target (0: nobody) for p, whose record w is. False: no memory. */
struct kri_watching;
bool kri_link_watch(struct kri_proc *p, struct kri_watching *w);

/* A signal of these kinds reaches its process: takes sig. `from` is ctl->from. */
void kri_link_take(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig);

/* A signal to a process `dead` that is no more: the answer that Erlang gives. Takes sig. */
void kri_stray(struct kri_sched *s, kri_word dead, struct kri_sig *sig);

/* p has ended: all its links and monitors learn of it, and its own monitors are taken back. */
void kri_links_fire(struct kri_sched *s, struct kri_proc *p, kri_word reason);
void kri_links_fini(struct kri_sched *s, struct kri_proc *p);

/* The DOWN in `sig` with `tag` in the place of 'DOWN'; takes sig, gives the result. NULL: no
 * memory, and the process is doomed. */
struct kri_sig *kri_down_tagged(struct kri_sched *s, struct kri_proc *p,
                                struct kri_sig *sig, kri_word tag);

/* Walks for process_info, in no particular order: false at the end. */
struct kri_link_walk {
        const struct kri_proc *p;
        uint32_t at;
        bool first_done;
};
bool kri_link_next(struct kri_link_walk *walk, kri_word *ret_pid);

#endif
