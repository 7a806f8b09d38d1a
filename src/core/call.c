/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: the heart of every behaviour's calls, replies and casts (krarup/gen.h).
 *
 * A call is one signal or none. Its reference is an alias and a monitor of the caller's, as
 * `monitor with alias` makes it (reply_demonitor): so that a late reply never arrives. Whoever
 * can act for the server (it sleeps, or waits on this scheduler: see sleeper.h and sched.h)
 * notes the watcher in its record and puts the request into its mailbox in one go; otherwise
 * a MONITOR and the message travel one behind the other. The reply comes through the alias and
 * takes both records back. Nothing is allocated but the two messages, and the mailbox is
 * looked at from where it ended when the reference was made.
 *
 * The usual call, to a server that sleeps, and its reply, to a caller that waits, are done in
 * one function each, which knows what the other one lays: all else is left to the general ones
 * before anything has happened.
 */
#include "call.h"

#include <krarup/gen.h>

#include "term/atom.h"

#include "entry.h"
#include "link.h"
#include "node.h"
#include "receive.h"
#include "ref.h"
#include "send_quick.h"
#include "sleeper.h"
#include "watching.h"

bool kri_gen_is_thread(void)
{
        const struct kri_proc *p = kri_current();

        return p == NULL || kri_has(p, KRI_P_THREAD);
}

bool kri_gen_has_faulted(void)
{
        const struct kri_proc *p = kri_current();

        return p != NULL && kri_has(p, KRI_P_FAULTED);
}

void kri_gen_tells(bool is_telling)
{
        struct kri_proc *p = kri_current();

        if (p != NULL && kri_has(p, KRI_P_FAULTED))
                kri_flags_set(p, is_telling ? KRI_P_REPORT : 0,
                              is_telling ? 0 : KRI_P_REPORT);
}

kr_atom kri_gen_own_name(void)
{
        const struct kri_proc *p = kri_current();
        uint32_t name = 0;

        /* relaxed: others may be taking it away this moment */
        if (p != NULL)
                name = atomic_load_explicit(&p->name, memory_order_relaxed);
        return (kr_atom){ name != KRI_NAME_DEAD ? name : 0 };
}

/* -- the messages -- */

#define CAST_WORDS 3u /* {'$gen_cast', _} */

_Static_assert(KRI_QUICK_FITS(CAST_WORDS, 96, 128), "a cast");
_Static_assert(KRI_QUICK_FITS(KRI_REQUEST_WORDS, 192, 256), "a request");
_Static_assert(KRI_QUICK_FITS(KRI_REPLY_WORDS, 192, 256), "a reply");

/* [alias | Ref] at word `at`, where 6 words are taken; a reference made here. */
static inline void put_tag(kri_word *heap, unsigned at, kr_ref ref)
{
        heap[at] = KRI_A(alias);
        heap[at + 1] = KRI_STORED(KRI_BOX, at + 1, at + 2);
        heap[at + 2] = kri_header(KRI_REF, KRI_REF_WORDS, 3);
        heap[at + 3] = ref.id[0];
        heap[at + 4] = ref.id[1];
        heap[at + 5] = ref.id2 | (kri_word)ref.node << 32;
}

/* All but the request, which the caller puts into word KRI_REQUEST + 3. */
static inline void put_request(struct kri_sig *sig, kr_atom label, kri_word self,
                               kr_ref ref)
{
        kri_word *heap = sig->heap;

        heap[KRI_REQUEST_FROM] = kri_header(KRI_TUPLE, 0, 2);
        heap[KRI_REQUEST_FROM + 1] = self;
        heap[KRI_REQUEST_FROM + 2] =
                KRI_STORED(KRI_CONS, KRI_REQUEST_FROM + 2, KRI_REQUEST_TAG);
        put_tag(heap, KRI_REQUEST_TAG, ref);
        heap[KRI_REQUEST] = kri_header(KRI_TUPLE, 0, 3);
        heap[KRI_REQUEST + 1] = kri_atom(label.index);
        heap[KRI_REQUEST + 2] = KRI_STORED(KRI_BOX, KRI_REQUEST + 2, KRI_REQUEST_FROM);
        sig->root = KRI_STORED(KRI_BOX, -1, KRI_REQUEST);
}

/* All but the reply, which the caller puts into word KRI_REPLY + 2. */
static inline void put_reply(struct kri_sig *sig, kr_ref ref)
{
        kri_word *heap = sig->heap;

        put_tag(heap, KRI_REPLY_TAG, ref);
        heap[KRI_REPLY] = kri_header(KRI_TUPLE, 0, 2);
        heap[KRI_REPLY + 1] = KRI_STORED(KRI_CONS, KRI_REPLY + 1, KRI_REPLY_TAG);
        sig->root = KRI_STORED(KRI_BOX, -1, KRI_REPLY);
}

/* The message is stored as the last element already. */
static inline void put_cast(struct kri_sig *sig)
{
        sig->heap[0] = kri_header(KRI_TUPLE, 0, 2);
        sig->heap[1] = KRI_A(gen_cast);
        kri_store(&sig->root, kri_boxed(sig->heap));
}

/* As kri_build_in_pool, if that is what the arguments' boxes allow: a call of its own, for floats
 * and references take their time anyway. */
static __attribute__((noinline)) struct kri_sig *build_whole(
        struct kri_pool *pool, const struct kri_build_code *code,
        const union kri_arg *args, uint32_t before, uint32_t serial)
{
        struct kri_sig *sig;

        if (!kri_is_whole(code, args))
                return NULL;
        sig = kri_sig_new(pool, before + code->whole_words);
        if (sig == NULL)
                return NULL;
        sig->to = serial; /* and no blobs */
        kri_store(&sig->heap[before - 1], kri_put_whole(code, args, sig->heap + before));
        return sig;
}

/* The same, or kri_build_in_pool, if the site has a code of that kind. */
static inline __attribute__((always_inline)) struct kri_sig *build_usual(
        struct kri_pool *pool, const struct kri_site *site, const union kri_arg *args,
        uint32_t before, uint32_t serial)
{
        const struct kri_build_code *code = kri_build_code_of(site);

        if (code == NULL)
                return NULL;
        return kri_is_fast(code, args)
                       ? kri_build_in_pool(pool, code, args, before, serial)
                       : build_whole(pool, code, args, before, serial);
}

/* -- a call -- */

/* The call cannot be made: as if the server had ended with that reason. */
static int fail(kr_msg *slot, uint32_t reason)
{
        kr_msg_clear(slot);
        slot->term.w = kri_atom(reason);
        return KRI_CALL_DOWN;
}

/* Nobody will hear of the request any more; an answer that has come nevertheless counts. */
static int give_up(kr_ref ref, kr_msg *slot)
{
        enum { ANSWER };
        kr_term reply;

        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        if (kr_receive(slot, 0, kr_on(ANSWER, "{[alias|=], ~}", ref, &reply)) != ANSWER)
                return KRI_CALL_TIMEOUT;
        slot->term = reply;
        return KRI_CALL_REPLY;
}

/* The record of the call at the caller. NULL: no memory. */
static struct kri_watching *new_watching(struct kri_proc *p, kr_pid to, kr_ref ref)
{
        struct kri_watching *w =
                kri_watching_new(p->sched, p, ref, KR_ALIAS_REPLY_DEMONITOR, NULL);

        if (w == NULL)
                return NULL;
        w->target = kri_pid_word(to);
        w->monitoring = true;
        return w;
}

/* Let the server have monitor and request by our own hand. False: it is not ours to touch;
 * nothing has happened. */
static bool hand_in(struct kri_proc *p, struct kri_proc *to, const struct kri_watching *w,
                    struct kri_sig *sig)
{
        struct kri_sched *s = p->sched;
        bool here;

        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        here = kri_is_here(s, to) && kri_serial(to) == kri_pid_serial(w->target);
        if (kri_has(to, KRI_P_LIMITED) ||
            (!here && kri_sleeper_borrow(s, w->target) == NULL))
                return false;
        if (kri_watcher_add(to, w->ref[0], kri_proc_word(p), 0)) {
                kri_put(to, sig);
        } else {
                kri_doom_atom(to, KRI_A_system_limit); /* as when it takes a MONITOR in */
                kri_sig_free(&s->pool, sig);
        }
        if (!here)
                kri_sleeper_return(s, to);
        return true;
}

/* Takes sig. */
static kr_err ask(struct kri_proc *p, kr_pid to, kr_ref ref, struct kri_sig *sig)
{
        struct kri_watching *w = new_watching(p, to, ref);

        if (w == NULL) {
                kri_sig_free(&p->sched->pool, sig);
                return KR_ENOMEM;
        }
        if (hand_in(p, kri_proc_at(p->node, kri_pid_index(to.num)), w, sig))
                return KR_OK;
        if (kri_link_watch(p, w))
                return kri_send_sig(p, to, sig);
        kri_sig_free(&p->sched->pool, sig);
        w->monitoring = w->alias = false;
        kri_watching_drop_spent(p->sched, p, w);
        return KR_ENOMEM;
}

static struct kri_sig *build_request(struct kri_proc *p, kr_atom label, kr_ref ref,
                                     struct kri_site *site, const union kri_arg *args)
{
        kri_word request;
        struct kri_sig *sig = kri_build_sig(p, site, args, KRI_REQUEST_WORDS, &request);

        if (sig == NULL)
                return NULL;
        put_request(sig, label, kri_proc_word(p), ref);
        kri_store(&sig->heap[KRI_REQUEST + 3], request);
        return sig;
}

/* No memory (or, on an attached thread, a request that cannot be built). */
static int not_asked(struct kri_proc *p, kr_msg *slot)
{
        kri_no_memory(p);
        return fail(slot, KRI_A_system_limit);
}

/* The wait is over, one way or the other. */
static int end_call(struct kri_proc *p, kr_ref ref, enum kri_answer answer, kr_msg *slot)
{
        /* a server may answer to the pid, as nodes without aliases do */
        bool is_left = kri_watching_find(p, ref.id[0]) != NULL;

        kri_leave(p);
        if (answer == KRI_ANSWER_NONE)
                return give_up(ref, slot);
        if (__builtin_expect(is_left, 0))
                kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        return answer == KRI_ANSWER_REPLY ? KRI_CALL_REPLY : KRI_CALL_DOWN;
}

static KRI_TAIL int call_any(kr_pid to, kr_atom label, int64_t timeout_ms, kr_msg *slot,
                             struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig, *last;
        kr_ref ref;
        kr_err err;

        if (slot == NULL || to.node != p->node->slot ||
            kri_pid_index(to.num) >= p->node->procs_max ||
            kri_pid_word(to) == kri_proc_word(p)) {
                kri_leave(p);
                return KRI_CALL_ELSEWHERE;
        }
        ref = kri_ref_new(p->sched, p);
        last = p->last;
        sig = build_request(p, label, ref, site, args);
        if (sig == NULL)
                return not_asked(p, slot);
        err = ask(p, to, ref, sig);
        if (err == KR_ENOMEM)
                return not_asked(p, slot);
        if (err != KR_OK) {
                kri_leave(p);
                (void)give_up(ref, slot);
                return fail(slot, KRI_A_full);
        }
        kri_spend(p, KRI_COST_SEND + KRI_COST_RECEIVE);
        return end_call(p, ref, kri_await_answer(p, ref.id[0], last, timeout_ms, slot),
                        slot);
}

/* The flags of a process that call_usual leaves to call_any. */
#define UNUSUAL                                                                          \
        (KRI_P_THREAD | KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT | KRI_P_MARKED |  \
         KRI_P_LIMITED | KRI_P_CAPPED)

/* Is there nothing about the caller but that it calls? */
static inline bool is_usual_caller(const struct kri_proc *p)
{
        return !kri_has(p, UNUSUAL) && p->doom == NULL && p->scanned == NULL &&
               p->extra != NULL && p->extra->first_watching.ref[0] == 0 &&
               p->sched->ref_next != p->sched->ref_end;
}

/* Does the server sleep, and will it run next? What the hint is wrong about is found out. */
static inline bool is_usual_server(const struct kri_proc *p,
                                   const struct kri_proc *server, uint32_t serial)
{
        return kri_serial(server) == serial && !kri_has(server, UNUSUAL & ~KRI_P_TOP) &&
               kri_wakes_simply(p->sched, server);
}

/* False: it does not sleep, or is another one. */
static inline bool rouse(struct kri_sched *s, struct kri_proc *p, uint32_t serial)
{
        if (!kri_rouse(p))
                return false;
        if (__builtin_expect(kri_serial(p) == serial, 1))
                return true;
        kri_run_next(s, p); /* another tenant by now: it wakes in vain */
        return false;
}

/* hand_in, for a server that has been roused. */
static inline void hand_over(struct kri_proc *p, struct kri_proc *server, uint64_t ref,
                             struct kri_sig *sig)
{
        if (__builtin_expect(server->watcher == 0, 1)) {
                server->watcher = kri_proc_word(p);
                server->watcher_ref = ref;
                kri_put(server, sig);
        } else if (kri_watcher_add(server, ref, kri_proc_word(p), 0)) {
                kri_put(server, sig);
        } else {
                kri_doom_atom(server, KRI_A_system_limit);
                kri_sig_free(&p->sched->pool, sig);
        }
        kri_run_next(p->sched, server);
}

int kri_gen_call(kr_pid to, kr_atom label, int64_t timeout_ms, kr_msg *slot,
                 struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter(), *server;
        struct kri_sched *s;
        struct kri_sig *sig;
        kr_ref ref;

        if (p == NULL)
                return KRI_CALL_ELSEWHERE;
        if (slot == NULL || to.node != p->node->slot ||
            kri_pid_index(to.num) >= p->node->procs_max || !is_usual_caller(p))
                return call_any(to, label, timeout_ms, slot, site, args);
        s = p->sched;
        server = kri_proc_at(p->node, kri_pid_index(to.num));
        if (s->next != NULL && s->direct)
                kri_sched_put_off(s);
        if (!is_usual_server(p, server, kri_pid_serial(to.num)) ||
            !kri_can_await(timeout_ms))
                return call_any(to, label, timeout_ms, slot, site, args);
        sig = build_usual(&s->pool, site, args, KRI_REQUEST_WORDS,
                          kri_pid_serial(to.num));
        if (sig == NULL)
                return call_any(to, label, timeout_ms, slot, site, args);
        if (!rouse(s, server, kri_pid_serial(to.num))) {
                kri_sig_free(&s->pool, sig);
                return call_any(to, label, timeout_ms, slot, site, args);
        }
        ref = kri_ref_of(s->ref_next++, kri_pid_index(kri_proc_word(p)), p->node->slot);
        put_request(sig, label, kri_proc_word(p), ref);
        kri_watching_call(p, ref, to, KR_ALIAS_REPLY_DEMONITOR);
        hand_over(p, server, ref.id[0], sig);
        p->reds -= KRI_COST_SEND + KRI_COST_RECEIVE;
        return kri_call_await(p, ref.id[0], p->last, timeout_ms, slot);
}

/* -- an order: a request that is the last one, for who waits for the end, too -- */

/* None: not that easy; nothing has happened. */
static inline kr_ref order_usual(struct kri_proc *p, kr_pid to, kr_atom label,
                                 struct kri_site *site, const union kri_arg *args)
{
        struct kri_sched *s = p->sched;
        struct kri_proc *server;
        struct kri_sig *sig;
        kr_ref ref = { .node = 0 };

        if (to.node != p->node->slot || kri_pid_index(to.num) >= p->node->procs_max ||
            !is_usual_caller(p))
                return ref;
        server = kri_proc_at(p->node, kri_pid_index(to.num));
        if (s->next != NULL && s->direct)
                kri_sched_put_off(s);
        if (!is_usual_server(p, server, kri_pid_serial(to.num)))
                return ref;
        sig = build_usual(&s->pool, site, args, KRI_REQUEST_WORDS,
                          kri_pid_serial(to.num));
        if (sig == NULL)
                return ref;
        if (!rouse(s, server, kri_pid_serial(to.num))) {
                kri_sig_free(&s->pool, sig);
                return ref;
        }
        ref = kri_ref_of(s->ref_next++, kri_pid_index(kri_proc_word(p)), p->node->slot);
        kri_mark_set(p, ref.id[0]);
        put_request(sig, label, kri_proc_word(p), ref);
        kri_watching_call(p, ref, to, KR_ALIAS_DEMONITOR);
        hand_over(p, server, ref.id[0], sig);
        return ref;
}

static kr_err order_any(kr_pid to, kr_atom label, kr_ref *ret_ref, struct kri_site *site,
                        const union kri_arg *args)
{
        kr_ref ref = kr_monitor_alias(to, KR_ALIAS_DEMONITOR, NULL);
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kr_err err;

        *ret_ref = ref;
        if (kr_ref_is_none(ref)) {
                kri_leave(p);
                return KR_ENOMEM;
        }
        sig = build_request(p, label, ref, site, args);
        err = sig != NULL ? kri_send_sig(p, to, sig) : KR_ENOMEM;
        kri_leave(p);
        if (err == KR_OK)
                return KR_OK;
        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        if (sig == NULL)
                kri_no_memory(kri_enter());
        return err;
}

kr_err kri_gen_order(kr_pid to, kr_atom label, kr_ref *ret_ref, struct kri_site *site,
                     const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return KR_ESTATE;
        *ret_ref = order_usual(p, to, label, site, args);
        if (!kr_ref_is_none(*ret_ref))
                kri_spend(p, KRI_COST_SEND);
        kri_leave(p);
        return kr_ref_is_none(*ret_ref) ? order_any(to, label, ret_ref, site, args)
                                        : KR_OK;
}

int kri_call_go_on(struct kri_proc *p, uint64_t number, struct kri_sig *after,
                   int64_t timeout_ms, kr_msg *slot)
{
        kr_ref ref = kri_ref_of(number, kri_pid_index(kri_proc_word(p)), p->node->slot);

        return end_call(p, ref, kri_await_more(p, number, after, timeout_ms, slot), slot);
}

/* -- requests, at the server -- */

/* {_, {Pid, [alias | Ref]}, Request} */
static inline bool is_any_call(const kri_word *tuple, kr_from *ret_from)
{
        const kri_word *from, *tag;
        kri_word t;

        t = kri_load(&tuple[2]);
        from = kri_ptr(t);
        if (kri_tag(t) != KRI_BOX || from[0] != kri_header(KRI_TUPLE, 0, 2) ||
            kri_tag(from[1]) != KRI_PID)
                return false;
        t = kri_load(&from[2]);
        tag = kri_ptr(t);
        if (kri_tag(t) != KRI_CONS || tag[0] != KRI_A(alias))
                return false;
        t = kri_load(&tag[1]);
        if (!kri_is_box(t, KRI_REF))
                return false;
        ret_from->pid = kri_word_pid(from[1]);
        ret_from->ref = kri_word_ref(t);
        ret_from->tag.w = KRI_A(alias);
        return true;
}

/* As put_request lays it: places that say where they lead to save the way there. */
static inline bool is_usual_call(const kri_word *tuple, kr_from *ret_from)
{
        const kri_word *heap = tuple - KRI_REQUEST, *ref = heap + KRI_REQUEST_TAG + 2;

        if (tuple[2] != KRI_STORED(KRI_BOX, KRI_REQUEST + 2, KRI_REQUEST_FROM) ||
            heap[KRI_REQUEST_FROM] != kri_header(KRI_TUPLE, 0, 2) ||
            kri_tag(heap[KRI_REQUEST_FROM + 1]) != KRI_PID ||
            heap[KRI_REQUEST_FROM + 2] !=
                    KRI_STORED(KRI_CONS, KRI_REQUEST_FROM + 2, KRI_REQUEST_TAG) ||
            heap[KRI_REQUEST_TAG] != KRI_A(alias) ||
            heap[KRI_REQUEST_TAG + 1] !=
                    KRI_STORED(KRI_BOX, KRI_REQUEST_TAG + 1, KRI_REQUEST_TAG + 2) ||
            ref[0] != kri_header(KRI_REF, KRI_REF_WORDS, 3))
                return false;
        ret_from->pid = kri_word_pid(heap[KRI_REQUEST_FROM + 1]);
        ret_from->ref = kri_ref_load(ref + 1);
        ret_from->tag.w = KRI_A(alias);
        return true;
}

static enum kri_envelope open_exit(const kri_word *tuple, kr_from *ret_from,
                                   kr_term *ret_inside)
{
        if (kri_tag(tuple[2]) != KRI_PID)
                return KRI_ENVELOPE_OTHER;
        ret_from->pid = kri_word_pid(tuple[2]);
        ret_inside->w = kri_load(&tuple[3]);
        return KRI_ENVELOPE_EXIT;
}

enum kri_envelope kri_gen_open(kr_term message, kr_from *ret_from, kr_term *ret_inside)
{
        const kri_word *tuple = kri_ptr(message.w);

        if (kri_tag(message.w) != KRI_BOX)
                return KRI_ENVELOPE_NONE;
        if (tuple[0] == kri_header(KRI_TUPLE, 0, 2)) {
                if (tuple[1] != KRI_A(gen_cast))
                        return KRI_ENVELOPE_NONE;
                ret_inside->w = kri_load(&tuple[2]);
                return KRI_ENVELOPE_CAST;
        }
        if (tuple[0] != kri_header(KRI_TUPLE, 0, 3) || kri_tag(tuple[1]) != KRI_ATOM)
                return KRI_ENVELOPE_NONE;
        if (tuple[1] == KRI_A(EXIT))
                return open_exit(tuple, ret_from, ret_inside);
        if ((tuple[1] != KRI_A(gen_call) && tuple[1] != KRI_A(system)) ||
            (!is_usual_call(tuple, ret_from) && !is_any_call(tuple, ret_from)))
                return KRI_ENVELOPE_OTHER;
        ret_inside->w = kri_load(&tuple[3]);
        return tuple[1] == KRI_A(gen_call) ? KRI_ENVELOPE_CALL : KRI_ENVELOPE_SYSTEM;
}

/* -- replies and casts -- */

/* On a thread that is no process, and without memory on an attached one, nothing happens. */
static void send_reply(kr_from from, kr_term reply)
{
        kr_ref alias;

        if (kr_is_none(from.tag))
                (void)kr_send(from.pid, "{~, ~}", from.ref, reply);
        else if (kr_match(from.tag, "[[alias|~]|_]", &alias))
                (void)kr_send(alias, "{~, ~}", from.tag, reply);
        else
                (void)kr_send(from.pid, "{~, ~}", from.tag, reply);
}

/* gen:reply/2 through [alias | Ref] */
static KRI_TAIL void reply_alias(struct kri_proc *p, kr_ref ref, struct kri_site *site,
                                 const union kri_arg *args)
{
        kri_word reply;
        struct kri_sig *sig = kri_build_sig(p, site, args, KRI_REPLY_WORDS, &reply);

        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        put_reply(sig, ref);
        kri_ref_box(&sig->heap[KRI_REPLY_TAG + 2], ref); /* it may be of another node */
        kri_store(&sig->heap[KRI_REPLY + 2], reply);
        (void)kri_send_sig_alias(p, ref, sig); /* whatever becomes of it */
        kri_leave(p);
}

static KRI_TAIL void reply_any(struct kri_proc *p, const kr_from *from,
                               struct kri_site *site, const union kri_arg *args)
{
        kr_term reply = kri_build(site, args);

        if (reply.w == KRI_NONE) {
                kri_no_memory(p);
                return;
        }
        kri_leave(p);
        send_reply(*from, reply);
        kr_release(reply);
}

/* False: it is not that simple; nothing has happened. */
static inline bool reply_usual(struct kri_proc *p, kr_ref ref, struct kri_site *site,
                               const union kri_arg *args)
{
        struct kri_sched *s = p->sched;
        struct kri_proc *caller;
        struct kri_sig *sig;

        if (ref.node != p->node->slot || ref.id[1] >= p->node->procs_max)
                return false;
        caller = kri_proc_at(p->node, (uint32_t)ref.id[1]);
        if (!kri_wakes_simply(s, caller) || kri_has(caller, KRI_P_LIMITED | KRI_P_CAPPED))
                return false;
        sig = build_usual(&s->pool, site, args, KRI_REPLY_WORDS, kri_serial(caller));
        if (sig == NULL)
                return false;
        put_reply(sig, ref);
        if (kri_rouse(caller))
                kri_sleeper_hear(p, caller, ref, sig);
        else
                (void)kri_send_sig_alias(p, ref, sig);
        return true;
}

void kri_gen_reply(kr_from from, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p;

        if (kr_pid_is_none(from.pid))
                return; /* From was not what calls send */
        p = kri_enter();
        if (p == NULL)
                return;
        if (from.tag.w != KRI_A(alias)) {
                reply_any(p, &from, site, args);
        } else if (!reply_usual(p, from.ref, site, args)) {
                reply_alias(p, from.ref, site, args);
        } else {
                kri_spend(p, KRI_COST_SEND);
                kri_leave(p);
        }
}

static KRI_TAIL void cast_any(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        kri_word message;
        struct kri_sig *sig;

        if (kr_pid_is_none(to)) {
                kri_leave(p);
                return;
        }
        sig = kri_build_sig(p, site, args, CAST_WORDS, &message);
        if (sig == NULL) {
                kri_no_memory(p);
                return;
        }
        kri_store(&sig->heap[2], message);
        put_cast(sig);
        (void)kri_send_sig(p, to, sig); /* whatever becomes of it */
        kri_leave(p);
}

static KRI_TAIL void cast_away(struct kri_proc *p, struct kri_proc *to,
                               struct kri_sig *sig)
{
        (void)kri_send_away(p, to, sig);
}

/* As kri_send_pid. */
void kri_cast_pid(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        struct kri_proc *p = kri_enter_quickly(), *receiver;
        const struct kri_build_code *code = kri_build_code_of(site);
        struct kri_sig *sig;

        if (__builtin_expect(p == NULL, 0))
                return;
        if (!kri_quick_is_near(p, to, code)) {
                cast_any(to, site, args);
                return;
        }
        receiver = kri_quick_receiver(p, to.num, code);
        if (__builtin_expect(receiver == NULL, 0)) {
                cast_any(kri_word_pid(to.num), code->code.site, args);
                return;
        }
        sig = kri_build_in_pool(&p->sched->pool, code, args, CAST_WORDS,
                                kri_pid_serial(to.num));
        if (__builtin_expect(sig == NULL, 0)) {
                cast_any(kri_word_pid(to.num), code->code.site, args);
                return;
        }
        put_cast(sig);
        if (!kri_is_here(p->sched, receiver)) {
                cast_away(p, receiver, sig);
                return;
        }
        kri_put(receiver, sig);
        if (kri_turn_ends(p, KRI_COST_SEND)) {
                (void)kri_sent_enough(p);
                return;
        }
        kri_leave(p);
}
