/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <string.h>

#include "base/plat_thread.h"
#include "term/atom.h"

#include "extra.h"
#include "limit.h"
#include "node.h"
#include "poll.h"
#include "receive.h"
#include "ref.h"
#include "registry.h"
#include "sleeper.h"
#include "watching.h"

/* -- our end of a link -- */

static bool is_linked(const struct kri_proc *p, kri_word pid)
{
        return p->link == pid || (p->extra != NULL && kri_set_has(&p->extra->links, pid));
}

/* How many of our UNLINKs to it are on their way. */
static uint64_t unlinks_pending(const struct kri_proc *p, kri_word pid)
{
        struct kri_entry3 *entry =
                p->extra != NULL ? kri_table_find(&p->extra->unlinking, pid) : NULL;

        return entry != NULL ? entry->a : 0;
}

static bool add_link(struct kri_proc *p, kri_word pid)
{
        if (is_linked(p, pid))
                return true;
        if (p->link == 0) {
                p->link = pid;
                return true;
        }
        return kri_extra(p) != NULL &&
               kri_set_add(&p->extra->links, pid, &p->node->memory);
}

/* False: there was none. */
static bool remove_link(struct kri_proc *p, kri_word pid)
{
        if (p->link == pid) {
                p->link = 0;
                return true;
        }
        return p->extra != NULL &&
               kri_set_remove(&p->extra->links, pid, &p->node->memory);
}

/* The peer has seen one of our UNLINKs, or will not see it. */
static void acknowledged(struct kri_proc *p, kri_word pid)
{
        struct kri_entry3 *entry =
                p->extra != NULL ? kri_table_find(&p->extra->unlinking, pid) : NULL;

        if (entry != NULL && --entry->a == 0)
                kri_table_remove(&p->extra->unlinking, pid, NULL, &p->node->memory);
}

/* A signal about nothing but who sends it. False: no memory, or nobody there (*ret_there). */
static bool tell(struct kri_sched *s, enum kri_sig_kind kind, kri_word from, kri_word to,
                 bool *ret_there)
{
        struct kri_sig *sig = kri_sig_control(&s->pool, kind, from, KRI_NIL);

        if (sig == NULL)
                return false;
        *ret_there = kri_signal(s->node, s, to, sig);
        return true;
}

/* Nothing may be lost when a process ends, memory or not: the news waits for memory. If
 * there is none for a second, the node cannot keep its promises any more. */
static struct kri_sig *insist(struct kri_sig *(*make)(struct kri_pool *, void *),
                              struct kri_pool *pool, void *args)
{
        for (int tries = 0; tries < 1000; tries++) {
                struct kri_sig *sig = make(pool, args);

                if (sig != NULL)
                        return sig;
                kri_sleep_ns(1000000);
        }
        kri_panic(__FILE__, __LINE__, "no memory to tell links and monitors of an end");
}

/* The exit signal of a process that is not there, through our own queue. */
static bool noproc_self(struct kri_proc *p, kri_word dead)
{
        struct kri_sig *sig = kri_sig_exit(&p->sched->pool, dead, KRI_A(noproc));

        if (sig == NULL)
                return false;
        sig->kind = KRI_SIG_LINK_EXIT;
        return kri_signal(p->node, p->sched, kri_proc_word(p), sig);
}

void kr_link(kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        kri_word to = kri_pid_word(pid);
        bool there = false;

        if (p == NULL)
                return;
        if (pid.node != p->node->slot) {
                kri_badarg(p, "kr_link", "pid");
                return;
        }
        if (to == kri_proc_word(p) || is_linked(p, to)) {
                kri_leave(p);
                return;
        }
        if (!add_link(p, to) ||
            !tell(p->sched, KRI_SIG_LINK, kri_proc_word(p), to, &there)) {
                (void)remove_link(p, to);
                kri_no_memory(p);
                return;
        }
        if (!there && !kri_has(p, KRI_P_TRAP_EXIT)) {
                (void)remove_link(p, to);
                kri_raise_atom(p, KR_CLASS_ERROR, KRI_A_noproc);
        }
        if (!there && !noproc_self(p, to)) {
                kri_no_memory(p);
                return;
        }
        kri_spend(p, 1);
        kri_leave(p);
}

/* Both ends at once, where the peer sleeps, and nothing from it is on its way to us: then no
 * LINK of before can come that we would have to tell from one of later. */
static bool unlink_directly(struct kri_proc *p, kri_word to)
{
        struct kri_proc *other = kri_sleeper_borrow(p->sched, to);
        bool alone;

        if (other == NULL)
                return false;
        alone = !kri_outer_has_news(p);
        if (alone) {
                (void)remove_link(other, kri_proc_word(p));
                (void)remove_link(p, to);
        }
        kri_sleeper_return(p->sched, other);
        return alone;
}

/* False: no memory; nothing has happened. */
static bool unlink_by_signal(struct kri_proc *p, kri_word to)
{
        struct kri_entry3 *entry;
        bool there = false;

        if (kri_extra(p) == NULL)
                return false;
        entry = kri_table_insert(&p->extra->unlinking, to, &p->node->memory);
        if (entry == NULL)
                return false;
        entry->a++;
        if (!tell(p->sched, KRI_SIG_UNLINK, kri_proc_word(p), to, &there)) {
                acknowledged(p, to);
                return false;
        }
        if (!there)
                acknowledged(p, to);
        (void)remove_link(p, to);
        return true;
}

void kr_unlink(kr_pid pid)
{
        struct kri_proc *p = kri_enter();
        kri_word to = kri_pid_word(pid);

        if (p == NULL)
                return;
        if (pid.node != p->node->slot) {
                kri_badarg(p, "kr_unlink", "pid");
                return;
        }
        if (is_linked(p, to) && !unlink_directly(p, to) && !unlink_by_signal(p, to)) {
                kri_no_memory(p);
                return;
        }
        kri_spend(p, 1);
        kri_leave(p);
}

bool kri_link_child(struct kri_proc *parent, struct kri_proc *child)
{
        /* newly born, it has no link, and nobody has one to it */
        if (parent->link == 0)
                parent->link = kri_proc_word(child);
        else if (kri_extra(parent) == NULL ||
                 !kri_set_add(&parent->extra->links, kri_proc_word(child),
                              &parent->node->memory))
                return false;
        child->link = kri_proc_word(parent);
        return true;
}

/* -- monitors and aliases, at the watcher -- */

/* Memory for our end of what another has set up already; without it the process cannot keep
 * its side and ends. */
static void must(struct kri_proc *p, bool done)
{
        if (!done)
                kri_doom_atom(p, KRI_A_system_limit);
}

/* A DOWN of our own making, for a process that is not there: through our own queue, so that
 * it takes the way that all take. */
static bool down_self(struct kri_proc *p, struct kri_watching *w)
{
        struct kri_sig *sig = kri_sig_down(&p->sched->pool, w->ref, w->target, w->name,
                                           kr_node_name(p->node).index, KRI_A(noproc));

        return sig != NULL && kri_signal(p->node, p->sched, kri_proc_word(p), sig);
}

bool kri_link_watch(struct kri_proc *p, struct kri_watching *w)
{
        struct kri_proc *other;
        struct kri_sig *sig;

        if (w->target == 0)
                return down_self(p, w);
        if (w->name == 0 && (other = kri_sleeper_borrow(p->sched, w->target)) != NULL) {
                must(other, kri_watcher_add(other, w->ref[0], kri_proc_word(p), 0));
                kri_sleeper_return(p->sched, other);
                return true;
        }
        sig = kri_sig_control(&p->sched->pool, KRI_SIG_MONITOR, kri_proc_word(p),
                              KRI_NIL);
        if (sig == NULL)
                return false;
        memcpy(kri_sig_ctl(sig)->ref, w->ref, sizeof(w->ref));
        kri_sig_ctl(sig)->extra = w->name;
        return kri_signal(p->node, p->sched, w->target, sig) || down_self(p, w);
}

kr_ref kri_monitor(struct kri_watched who, kr_alias_mode mode, const kr_term *tag)
{
        struct kri_proc *p = kri_enter();
        struct kri_watching *w;
        kr_ref ref = { .node = 0 };

        if (p == NULL)
                return ref;
        if ((unsigned)mode > KR_ALIAS_REPLY_DEMONITOR ||
            (who.name.index == 0 && who.pid.node != p->node->slot)) {
                kri_badarg(p, "kr_monitor",
                           (unsigned)mode > KR_ALIAS_REPLY_DEMONITOR ? "mode" : "who");
                return ref;
        }
        ref = kri_ref_new(p->sched, p);
        kri_mark_set(p, ref.id[0]);
        w = kri_watching_new(p->sched, p, ref, mode, tag);
        if (w == NULL) {
                kri_no_memory(p);
                return (kr_ref){ .node = 0 };
        }
        w->name = who.name.index;
        w->target = w->name != 0 ? kri_registry_find(p->node, w->name)
                                 : kri_pid_word(who.pid);
        w->monitoring = true;
        if (w->target == kri_proc_word(p)) {
                w->monitoring = w->alias =
                        false; /* oneself: never fires, nor is it an alias */
                kri_watching_drop_spent(p->sched, p, w);
        } else if (!kri_link_watch(p, w)) {
                w->monitoring = w->alias = false;
                kri_watching_drop_spent(p->sched, p, w);
                kri_no_memory(p);
                return (kr_ref){ .node = 0 };
        }
        kri_spend(p, 1);
        kri_leave(p);
        return ref;
}

bool kri_monitor_child(struct kri_sched *s, struct kri_proc *parent,
                       struct kri_proc *child, const kr_spawn_opts *opts)
{
        kr_ref ref = kri_ref_new(s, parent);
        struct kri_watching *w = kri_watching_new(s, parent, ref, opts->alias, opts->tag);

        if (w == NULL)
                return false;
        w->target = kri_proc_word(child);
        if (!kri_watcher_add(child, ref.id[0], kri_proc_word(parent), 0)) {
                w->alias = false;
                kri_watching_drop_spent(s, parent, w);
                return false;
        }
        w->monitoring = true;
        kri_mark_set(parent, ref.id[0]);
        *opts->ret_monitor = ref;
        return true;
}

void kri_link_undo(struct kri_sched *s, struct kri_proc *parent, struct kri_proc *child)
{
        struct kri_entry3 entry;

        if (remove_link(child, kri_proc_word(parent)))
                (void)remove_link(parent, kri_proc_word(child));
        for (uint32_t at = 0; kri_watcher_next(child, &at, &entry);) {
                struct kri_watching *w = kri_watching_find(parent, entry.key);

                w->monitoring = w->alias = false;
                kri_watching_drop_spent(s, parent, w);
        }
        kri_watcher_fini(child);
}

/* The process that this thread runs takes the record of the monitor out of its own at once,
 * if it is the one; so does whoever can act for it. */
static bool demonitor_directly(struct kri_sched *s, const struct kri_watching *w)
{
        struct kri_proc *other = kri_current();
        bool done;

        if (other != NULL && kri_proc_word(other) == w->target)
                return kri_watcher_remove(other, w->ref[0]);
        other = kri_sleeper_borrow(s, w->target);
        if (other == NULL)
                return false;
        done = kri_watcher_remove(other, w->ref[0]);
        kri_sleeper_return(s, other);
        return done;
}

static void send_demonitor(struct kri_sched *s, struct kri_proc *p,
                           const struct kri_watching *w)
{
        struct kri_sig *sig;

        if (w->target == 0 || demonitor_directly(s, w))
                return;
        sig = kri_sig_control(&s->pool, KRI_SIG_DEMONITOR, kri_proc_word(p), KRI_NIL);
        if (sig == NULL)
                return; /* its DOWN will find no record here and be dropped */
        memcpy(kri_sig_ctl(sig)->ref, w->ref, sizeof(w->ref));
        (void)kri_signal(p->node, s, w->target, sig);
}

static bool is_down_of(const struct kri_sig *sig, uint64_t ref)
{
        kri_word t = kri_sig_root(sig), box;

        if (!kri_is_box(t, KRI_TUPLE) || kri_box_words(*kri_ptr(t)) != 5)
                return false;
        box = kri_load(kri_ptr(t) + 2);
        return kri_is_box(box, KRI_REF) && kri_ptr(box)[1] == ref &&
               kri_load(kri_ptr(t) + 3) == KRI_A(process);
}

static void flush_down(struct kri_proc *p, uint64_t ref)
{
        struct kri_sig *before = kri_mark_after(p, ref);
        struct kri_sig *sig = before != NULL ? before->next : p->first;

        while (sig != NULL && !is_down_of(sig, ref)) {
                before = sig;
                sig = sig->next;
        }
        if (sig == NULL)
                return;
        kri_mailbox_unlink(p, before, sig);
        kri_sig_free(&p->sched->pool, sig);
}

bool kr_demonitor(kr_ref ref, const kr_demonitor_opts *opts)
{
        struct kri_proc *p = kri_enter();
        struct kri_watching *w;
        bool active = false;

        if (p == NULL)
                return false;
        if (!kri_ref_is_local(p->node, ref)) {
                kri_badarg(p, "kr_demonitor", "ref");
                return false;
        }
        if (kri_outer_has_news(p))
                kri_take(p->sched, p); /* a DOWN that is here counts as delivered */
        kri_doom_check(p);
        w = kri_watching_find(p, ref.id[0]);
        if (w != NULL && w->monitoring) {
                active = true;
                send_demonitor(p->sched, p, w);
                w->monitoring = false;
                w->target = 0;
                if (w->mode != KR_ALIAS_EXPLICIT_UNALIAS)
                        w->alias = false;
                kri_watching_drop_spent(p->sched, p, w);
        }
        if (!active && opts != NULL && opts->flush)
                flush_down(p, ref.id[0]);
        kri_spend(p, 1);
        kri_leave(p);
        return active;
}

kr_ref kr_alias(bool once)
{
        struct kri_proc *p = kri_enter();
        struct kri_watching *w;
        kr_ref ref = { .node = 0 };

        if (p == NULL)
                return ref;
        ref = kri_ref_new(p->sched, p);
        kri_mark_set(p, ref.id[0]);
        w = kri_watching_new(p->sched, p, ref, KR_ALIAS_EXPLICIT_UNALIAS, NULL);
        if (w == NULL) {
                kri_no_memory(p);
                return (kr_ref){ .node = 0 };
        }
        w->once = once;
        kri_leave(p);
        return ref;
}

bool kr_unalias(kr_ref alias)
{
        struct kri_proc *p = kri_enter();
        struct kri_watching *w;
        bool active;

        if (p == NULL)
                return false;
        if (!kri_ref_is_local(p->node, alias)) {
                kri_badarg(p, "kr_unalias", "alias");
                return false;
        }
        w = kri_watching_find(p, alias.id[0]);
        active = w != NULL && w->alias;
        if (active) {
                w->alias = false;
                kri_watching_drop_spent(p->sched, p, w);
        }
        kri_leave(p);
        return active;
}

/* -- signals arrive -- */

static void become_message(struct kri_proc *p, struct kri_sig *sig)
{
        sig->kind = KRI_SIG_MESSAGE;
        kri_mailbox_append(p, sig);
        kri_flags_set(p, KRI_P_NEWS, 0);
}

/* {'EXIT', From, Reason} that p must act upon. */
static void act_on_exit(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        kri_word reason = kri_sig_element(sig, 3);
        bool untrappable = (sig->flags & KRI_SIG_KILL) != 0;
        bool own_normal = sig->kind == KRI_SIG_EXIT &&
                          kri_sig_element(sig, 2) == kri_proc_word(p);

        if (kri_has(p, KRI_P_TRAP_EXIT) && !(untrappable && !kri_has(p, KRI_P_THREAD))) {
                become_message(p, sig);
        } else if (untrappable || reason != KRI_A(normal) || own_normal) {
                kri_store(&sig->root, reason);
                kri_doom(p, sig);
        } else {
                kri_sig_free(&s->pool, sig);
        }
}

static void take_link_exit(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        if (remove_link(p, kri_sig_element(sig, 2)))
                act_on_exit(s, p, sig);
        else
                kri_sig_free(&s->pool, sig);
}

static void take_link(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        kri_word from = kri_sig_ctl(sig)->from;

        if (unlinks_pending(p, from) == 0)
                must(p, add_link(p, from));
        kri_sig_free(&s->pool, sig);
}

static void take_unlink(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        kri_word from = kri_sig_ctl(sig)->from;

        (void)remove_link(p, from);
        sig->kind = KRI_SIG_UNLINK_ACK; /* the block goes back with the answer */
        kri_sig_ctl(sig)->from = kri_proc_word(p);
        (void)kri_signal(s->node, s, from, sig);
}

struct kri_sig *kri_down_tagged(struct kri_sched *s, struct kri_proc *p,
                                struct kri_sig *sig, kri_word tag)
{
        kri_word *tuple = kri_ptr(kri_sig_root(sig)), *heap;
        struct kri_sig *larger;
        kri_word copy;

        if (!kri_is_place(tag)) {
                tuple[1] = tag;
                return sig;
        }
        larger = kri_sig_new(&s->pool,
                             kri_term_words(kri_sig_root(sig)) + kri_term_words(tag));
        if (larger == NULL) {
                kri_sig_free(&s->pool, sig);
                kri_doom_atom(p, KRI_A_system_limit);
                return NULL;
        }
        heap = larger->heap;
        copy = kri_term_copy(&heap, kri_sig_root(sig), (kri_word *)larger,
                             &larger->blobs);
        kri_store(&larger->root, copy);
        kri_store(kri_ptr(copy) + 1,
                  kri_term_copy(&heap, tag, (kri_word *)larger, &larger->blobs));
        kri_sig_free(&s->pool, sig);
        return larger;
}

/* The DOWN of the reference with that number. */
static void take_down(struct kri_sched *s, struct kri_proc *p, uint64_t number,
                      struct kri_sig *sig)
{
        struct kri_watching *w = kri_watching_find(p, number);

        if (w == NULL || !w->monitoring) {
                kri_sig_free(&s->pool, sig);
                return;
        }
        if (w->tag != NULL)
                sig = kri_down_tagged(s, p, sig, kri_sig_root(w->tag));
        w->monitoring = false;
        w->target = 0;
        if (w->mode != KR_ALIAS_EXPLICIT_UNALIAS)
                w->alias = false;
        kri_watching_drop_spent(s, p, w);
        if (sig != NULL)
                become_message(p, sig);
}

static void take_alias(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        struct kri_watching *w = kri_watching_find(p, kri_sig_ctl(sig)->ref[0]);

        if (w == NULL || !w->alias) {
                if (kri_has(p, KRI_P_LIMITED))
                        kri_limit_leave(p, sig);
                kri_sig_free(&s->pool, sig);
                return;
        }
        if (w->once) {
                w->alias = false;
                if (w->monitoring)
                        send_demonitor(s, p, w);
                w->monitoring = false;
                kri_watching_drop_spent(s, p, w);
        }
        become_message(p, sig);
}

void kri_link_take(struct kri_sched *s, struct kri_proc *p, struct kri_sig *sig)
{
        struct kri_sig_ctl *ctl = kri_sig_ctl(sig);

        switch ((enum kri_sig_kind)sig->kind) {
        case KRI_SIG_EXIT:
                act_on_exit(s, p, sig);
                return;
        case KRI_SIG_LINK_EXIT:
                take_link_exit(s, p, sig);
                return;
        case KRI_SIG_LINK:
                take_link(s, p, sig);
                return;
        case KRI_SIG_UNLINK:
                take_unlink(s, p, sig);
                return;
        case KRI_SIG_DOWN:
                take_down(s, p, kri_ptr(kri_sig_element(sig, 2))[1], sig);
                return;
        case KRI_SIG_ALIAS:
                take_alias(s, p, sig);
                return;
        case KRI_SIG_UNLINK_ACK:
                acknowledged(p, ctl->from);
                break;
        case KRI_SIG_MONITOR:
                must(p, kri_watcher_add(p, ctl->ref[0], ctl->from, ctl->extra));
                break;
        case KRI_SIG_DEMONITOR:
                (void)kri_watcher_remove(p, ctl->ref[0]);
                break;
        default:
                kri_invariant(!"not a signal of links");
        }
        kri_sig_free(&s->pool, sig);
}

/* -- the end -- */

struct down_args {
        const kri_word *ref;
        kri_word from, reason;
        uint32_t name, node_name;
};

static struct kri_sig *make_down(struct kri_pool *pool, void *args)
{
        const struct down_args *a = args;

        return kri_sig_down(pool, a->ref, a->from, a->name, a->node_name, a->reason);
}

static struct kri_sig *make_exit(struct kri_pool *pool, void *args)
{
        const struct down_args *a = args;
        struct kri_sig *sig = kri_sig_exit(pool, a->from, a->reason);

        if (sig != NULL)
                sig->kind = KRI_SIG_LINK_EXIT;
        return sig;
}

/* The process, if we may act in its place: it waits in a queue of ours (sched.h), or sleeps
 * (sleeper.h). To be given back; NULL: it gets a signal like everybody. */
static struct kri_proc *borrow(struct kri_sched *s, kri_word pid, bool *ret_sleeps)
{
        struct kri_proc *p = kri_proc_of(s->node, pid);

        /* of a scheduler that is nobody's, or an attached thread's, nobody waits in queues */
        *ret_sleeps = p == NULL || s->index >= s->node->sched_count || !kri_is_here(s, p);
        if (*ret_sleeps)
                return kri_sleeper_borrow(s, pid);
        return kri_serial(p) == kri_pid_serial(pid) && !kri_has(p, KRI_P_THREAD) ? p
                                                                                 : NULL;
}

static void give_back(struct kri_sched *s, struct kri_proc *p, bool sleeps)
{
        if (sleeps)
                kri_sleeper_return(s, p);
        else if (__builtin_expect(kri_has(p, KRI_P_CAPPED), 0))
                kri_memory_check(p);
}

/* For `other`, which is borrowed: the end of a process that ended normally is no news to it. */
static void end_link(struct kri_sched *s, struct kri_proc *other, struct down_args *args)
{
        if (remove_link(other, args->from) &&
            (args->reason != KRI_A(normal) || kri_has(other, KRI_P_TRAP_EXIT)))
                act_on_exit(s, other, insist(make_exit, &s->pool, args));
}

static void fire_link(struct kri_sched *s, kri_word to, struct down_args *args)
{
        bool sleeps;
        struct kri_proc *other = borrow(s, to, &sleeps);

        if (other == NULL) {
                (void)kri_signal(s->node, s, to, insist(make_exit, &s->pool, args));
                return;
        }
        end_link(s, other, args);
        give_back(s, other, sleeps);
}

static void fire_links(struct kri_sched *s, const struct kri_set *links,
                       struct down_args *args)
{
        kri_word to;

        for (uint32_t at = 0; (to = kri_set_next(links, &at)) != 0;)
                fire_link(s, to, args);
}

/* The reference of a monitor, from its number: its maker is the watcher. */
static struct kri_sig *make_one_down(struct kri_sched *s, uint64_t number,
                                     kri_word watcher, struct down_args *args)
{
        const kri_word ref[3] = { number, kri_pid_index(watcher),
                                  (kri_word)s->node->slot << 32 };

        args->ref = ref;
        return insist(make_down, &s->pool, args);
}

static void fire_down(struct kri_sched *s, uint64_t number, kri_word watcher,
                      struct down_args *args)
{
        struct kri_sig *sig = make_one_down(s, number, watcher, args);
        bool sleeps;
        struct kri_proc *other = borrow(s, watcher, &sleeps);

        if (other == NULL) {
                (void)kri_signal(s->node, s, watcher, sig);
                return;
        }
        take_down(s, other, number, sig);
        give_back(s, other, sleeps);
}

/* Both for one process, as a starter is that stops its child: two ways to it are one. */
static void fire_link_and_down(struct kri_sched *s, struct kri_proc *p,
                               struct down_args *args)
{
        bool sleeps;
        struct kri_proc *other = borrow(s, p->link, &sleeps);

        if (other == NULL) {
                fire_link(s, p->link, args);
                fire_down(s, p->watcher_ref, p->watcher, args);
                return;
        }
        end_link(s, other, args);
        take_down(s, other, p->watcher_ref,
                  make_one_down(s, p->watcher_ref, p->watcher, args));
        give_back(s, other, sleeps);
}

/* What most processes do not have. */
static void fire_more(struct kri_sched *s, struct kri_proc *p, struct down_args *args)
{
        struct kri_entry3 watcher;
        struct kri_watching *w;

        for (uint32_t at = 0; kri_watcher_next(p, &at, &watcher);) {
                args->name = (uint32_t)watcher.b;
                fire_down(s, watcher.key, watcher.a, args);
        }
        for (uint32_t at = 0; (w = kri_watching_next(p, &at)) != NULL;)
                if (w->monitoring)
                        send_demonitor(s, p, w);
        kri_watcher_fini(p);
        kri_set_fini(&p->extra->links, &p->node->memory);
}

void kri_links_fire(struct kri_sched *s, struct kri_proc *p, kri_word reason)
{
        struct down_args args = { .from = kri_proc_word(p),
                                  .reason = reason,
                                  .node_name = kr_node_name(p->node).index };

        if (p->link != 0 && p->link == p->watcher) {
                fire_link_and_down(s, p, &args);
                p->watcher = 0;
        } else if (p->link != 0) {
                fire_link(s, p->link, &args);
        }
        p->link = 0;
        if (p->extra != NULL)
                fire_links(s, &p->extra->links, &args);
        if (p->watcher != 0)
                fire_down(s, p->watcher_ref, p->watcher, &args);
        p->watcher = 0;
        if (p->extra != NULL)
                fire_more(s, p, &args);
}

void kri_links_fini(struct kri_sched *s, struct kri_proc *p)
{
        kri_watching_fini(s, p);
        kri_watcher_fini(p);
        kri_set_fini(&p->extra->links, &p->node->memory);
        kri_table_fini(&p->extra->unlinking, &p->node->memory);
}

struct reply_args {
        const kri_word *ref;
};

static struct kri_sig *make_gone(struct kri_pool *pool, void *args)
{
        return kri_sig_reply(pool, ((struct reply_args *)args)->ref, KRI_NONE);
}

/* What has arrived for nobody and is no question; some of it has no ctl to look at. */
static bool needs_no_answer(const struct kri_sig *sig)
{
        switch ((enum kri_sig_kind)sig->kind) {
        case KRI_SIG_LINK:
        case KRI_SIG_MONITOR:
        case KRI_SIG_UNLINK:
        case KRI_SIG_INFO:
        case KRI_SIG_ALIVE:
        case KRI_SIG_SUSPEND:
        case KRI_SIG_CODE:
                return false;
        default:
                return true;
        }
}

void kri_stray(struct kri_sched *s, kri_word dead, struct kri_sig *sig)
{
        struct kri_sig_ctl *ctl = kri_sig_ctl(sig);
        struct down_args args = { .ref = ctl->ref,
                                  .from = dead,
                                  .reason = KRI_A(noproc),
                                  .node_name = kr_node_name(s->node).index };
        struct reply_args reply = { ctl->ref };

        if (sig->kind == KRI_SIG_NOTICE) {
                kri_notice_take(s, NULL, sig);
                return;
        }
        if (needs_no_answer(sig)) {
                kri_sig_free(&s->pool, sig);
                return;
        }
        args.name = (uint32_t)ctl->extra;
        switch ((enum kri_sig_kind)sig->kind) {
        case KRI_SIG_LINK:
                fire_link(s, ctl->from, &args);
                break;
        case KRI_SIG_MONITOR:
                (void)kri_signal(s->node, s, ctl->from,
                                 insist(make_down, &s->pool, &args));
                break;
        case KRI_SIG_UNLINK: {
                kri_word from = ctl->from;

                sig->kind = KRI_SIG_UNLINK_ACK;
                ctl->from = dead;
                (void)kri_signal(s->node, s, from, sig);
                return;
        }
        case KRI_SIG_INFO:
        case KRI_SIG_ALIVE:
        case KRI_SIG_SUSPEND:
        case KRI_SIG_CODE:
                (void)kri_signal(s->node, s, ctl->from,
                                 insist(make_gone, &s->pool, &reply));
                break;
        default:
                break;
        }
        kri_sig_free(&s->pool, sig);
}

bool kri_link_next(struct kri_link_walk *walk, kri_word *ret_pid)
{
        *ret_pid = 0;
        if (!walk->first_done)
                *ret_pid = walk->p->link;
        walk->first_done = true;
        if (*ret_pid == 0 && walk->p->extra != NULL)
                *ret_pid = kri_set_next(&walk->p->extra->links, &walk->at);
        return *ret_pid != 0;
}
