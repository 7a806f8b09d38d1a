/* SPDX-License-Identifier: Apache-2.0 */
/* gen.c: a running behaviour: its loop, its ends, and its bytes. */
#include "gen.h"

#include <string.h>

#include <krarup/registry.h>

#include "moving.h"
#include "report.h"

static size_t gen_size(const kr_behaviour *behaviour)
{
        return kri_gen_own_at(behaviour) + behaviour->kind->own_size;
}

kr_gen *kr_gen_self(void)
{
        return kr_loop_record(&kri_gen_loop);
}

void *kr_gen_state(kr_gen *g)
{
        return kri_gen_state(g);
}

void *kr_gen_own(kr_gen *g)
{
        return kri_gen_own(g);
}

const kr_behaviour *kr_gen_module(const kr_gen *g)
{
        return g->behaviour;
}

kr_pid kr_gen_parent(const kr_gen *g)
{
        if ((g->born.flags & KRI_BORN_HAS_PARENT) == 0)
                return kr_self();
        return kri_line_parent(g->born.line);
}

kr_term kr_gen_name(kr_gen *g)
{
        struct kri_more *more = kri_born_more(&g->born);

        if (more == NULL)
                return kr_none();
        if (more->local.index != 0)
                return kr_atom_term(more->local);
        if (kr_is_none(more->name))
                more->name = kr_build("~", kr_self());
        return more->name;
}

void kr_gen_handling(kr_gen *g, kr_gen_in *in)
{
        kri_gen_handling(g, in);
}

kr_gen_in *kr_gen_handled(kr_gen *g)
{
        kr_term in = g->born.head.args; /* none: as the loop was entered */

        return kr_is_none(in) ? NULL : (kr_gen_in *)(uintptr_t)in.w;
}

/* -- names -- */

bool kri_name_is_taken(const kr_start_opts *opts, kr_pid *ret_pid)
{
        kr_pid pid = kr_pid_none();

        if (opts == NULL)
                return false;
        if (opts->via != NULL)
                pid = opts->via->whereis_name(opts->via_name);
        else if (opts->name != NULL)
                pid = kr_whereis(opts->name);
        *ret_pid = pid;
        return !kr_pid_is_none(pid);
}

static void register_self(void *name)
{
        kr_register(*(kr_atom *)name, kr_self());
}

static bool register_local(kr_atom name)
{
        kr_msg why = KR_MSG_INIT;
        kr_class kind;
        bool done = kr_catch(register_self, &name, &kind, &why);

        kr_msg_clear(&why);
        return done;
}

/* False: somebody has it, *ret_other perhaps. */
static bool take_name(struct kri_more *more, kr_pid *ret_other)
{
        if (more->via != NULL) {
                if (more->via->register_name(more->name, kr_self()))
                        return true;
                *ret_other = more->via->whereis_name(more->name);
                return false;
        }
        if (more->local.index == 0 || register_local(more->local))
                return true;
        *ret_other = kr_whereis(more->local);
        return false;
}

/* Whoever is faster gets it: the other one ends without a crash report. */
static void register_name(kr_gen *g)
{
        kr_pid other = kr_pid_none();

        if (take_name(g->born.more, &other))
                return;
        g->born.flags |= KRI_BORN_ENDING;
        if (kr_pid_is_none(other))
                kr_init_fail(KR_CLASS_EXIT, kr_atom_term(KR_ATOM("normal")),
                             "{error, {already_started, undefined}}");
        kr_init_fail(KR_CLASS_EXIT, kr_atom_term(KR_ATOM("normal")),
                     "{error, {already_started, ~}}", other);
}

/* gen:unregister_name/1. A local name goes with the process, before anybody learns of its
 * end. */
static void free_name(kr_gen *g)
{
        struct kri_more *more = g->born.more;

        if (more != NULL && more->via != NULL) {
                const kr_via *via = more->via;

                more->via = NULL;
                via->unregister_name(more->name);
        }
}

/* -- init -- */

/* What the starter has packed: {Args, Name, Debug}; Name is an atom, {Via, Name} with a
 * pointer, or [] for none; Debug a binary or []. */
static kr_term unpack(kr_gen *g)
{
        kr_term packed = g->born.head.args, args, name, debug;
        struct kri_more *more;
        kr_bytes text;
        uint64_t via;

        if ((g->born.flags & KRI_BORN_PACKED) == 0)
                return packed;
        more = kri_born_more(&g->born);
        if (more == NULL || !kr_match(packed, "{~, ~, ~}", &args, &name, &debug))
                kr_error("system_limit");
        (void)kr_get_atom(name, &more->local);
        if (kr_match(name, "{~, ~}", &via, &name)) {
                more->via = (const kr_via *)(uintptr_t)via;
                if (kr_replace(&more->name, name) != KR_OK)
                        kr_error("system_limit");
        }
        if (kr_get_bytes(debug, &text))
                kri_gen_sys_options(g, text.data);
        return args;
}

void kr_gen_init_ack(kr_gen *g)
{
        if ((g->born.flags & KRI_BORN_STARTED) == 0)
                return;
        g->born.flags |= KRI_BORN_ACKED; /* before others run, who may end us */
        kri_start_ack(kri_born_starter(&g->born));
}

void kri_gen_is_running(kr_gen *g)
{
        kr_term args = g->born.head.args;

        if ((g->born.flags & KRI_BORN_RUNNING) == 0) {
                g->born.flags |= KRI_BORN_RUNNING;
                g->born.head.args = kr_none();
                kr_release(args);
        }
        g->born.flags &= (uint16_t)~KRI_BORN_ENDING; /* what was thrown was a result */
}

void kr_gen_loop(kr_gen *g)
{
        kri_gen_is_running(g);
        kr_become_loop(&kri_gen_loop, g);
}

static void init(kr_gen *g)
{
        kr_term args = unpack(g);

        if (g->born.more != NULL)
                register_name(g);
        g->behaviour->kind->init(g, args);
        if ((g->born.flags & KRI_BORN_RUNNING) == 0)
                kr_gen_init_error(g, kr_atom_term(KR_ATOM("init_returned")));
}

void kr_gen_init_started(kr_gen *g)
{
        kr_gen_init_ack(g);
        kr_gen_loop(g);
}

void kr_gen_init_ignore(kr_gen *g)
{
        g->born.flags |= KRI_BORN_ENDING;
        free_name(g);
        kr_init_fail(KR_CLASS_EXIT, kr_atom_term(KR_ATOM("normal")), "ignore");
}

void kr_gen_init_error(kr_gen *g, kr_term reason)
{
        g->born.flags |= KRI_BORN_ENDING;
        free_name(g);
        kr_init_fail(KR_CLASS_EXIT, kr_atom_term(KR_ATOM("normal")), "{error, ~}",
                     reason);
}

/* The crash report comes before the starter hears of it, as in OTP before its links do. */
static void init_stops(kr_gen *g, kr_class kind, kr_term reason)
{
        kr_term error = kr_build("{error, ~}", reason);

        g->born.flags |= KRI_BORN_ENDING;
        free_name(g);
        kri_born_report(&g->born, kind, reason);
        if ((g->born.flags & KRI_BORN_ACKED) == 0)
                kri_tell_starter(&g->born, false, error);
        kr_release(error);
}

void kr_gen_init_stop(kr_gen *g, kr_class kind, kr_term reason)
{
        init_stops(g, kind, reason);
        kr_raise(kind, reason);
}

/* -- the loop -- */

static void gen_run(void *record)
{
        kr_gen *g = record;

        if ((g->born.flags & KRI_BORN_RUNNING) == 0)
                init(g);
        for (;;)
                g->behaviour->kind->loop(g);
}

/* A result of init, perhaps. */
static KR_NORETURN void init_threw(kr_gen *g, kr_term thrown)
{
        if (g->behaviour->kind->init_threw != NULL)
                g->behaviour->kind->init_threw(g, thrown);
        kr_gen_init_stop(g, KR_CLASS_EXIT, kr_build("{bad_return_value, ~}", thrown));
}

/* Not called for what is raised in here, nor for what kind->terminate ends with. */
static void gen_caught(void *record, kr_class kind, kr_term reason)
{
        kr_gen *g = record;

        if ((g->born.flags & KRI_BORN_REPLICA) != 0)
                return;
        if ((g->born.flags & KRI_BORN_ENDING) != 0) {
                kri_born_report(&g->born, kind, reason);
                return;
        }
        g->born.flags |= KRI_BORN_ENDING;
        if ((g->born.flags & KRI_BORN_RUNNING) != 0)
                g->behaviour->kind->terminate(g, kind, reason);
        if (kind == KR_CLASS_THROW)
                init_threw(g, reason);
        init_stops(g, kind, reason);
}

void kr_gen_exit(kr_gen *g, kr_class kind, kr_term reason)
{
        g->born.flags |= KRI_BORN_ENDING;
        kri_born_report(&g->born, kind, reason);
        kri_raise_last(kind, reason);
}

static void release_state(void *record)
{
        kr_gen *g = record;

        g->behaviour->release(kr_gen_state(g));
}

static void release_own(void *record)
{
        kr_gen *g = record;

        if (g->born.more != NULL)
                kri_gen_sys_ended(g->born.more);
        if (g->behaviour->kind->ended != NULL)
                g->behaviour->kind->ended(g);
}

static void release_name(void *record)
{
        free_name(record);
}

/* A fault in init is not caught, so init_stops has not done it. */
static bool leaves_name(const kr_gen *g)
{
        return g->born.more != NULL && g->born.more->via != NULL &&
               (g->born.flags & KRI_BORN_RUNNING) == 0 && kri_gen_has_faulted();
}

/* Each but the last is a clean-up of its own, so that one that faults, or waits, keeps no other
 * from running. */
static void later(void (*clean_up)(void *record), kr_gen *g)
{
        if (!kr_defer(clean_up, g))
                clean_up(g);
}

struct last_words {
        kr_term reason; /* for which the process ends: is there until it has */
        kr_pid starter;
};

static void tell_starter(void *words)
{
        const struct last_words *w = words;

        (void)kr_send(w->starter, "{nack, ~, {error, ~}}", kr_self(), w->reason);
}

/* Whoever starts another one under that name when it hears of this end is to find it free. */
static void tell_starter_last(kr_gen *g, kr_term reason)
{
        struct last_words *words = kr_alloc(sizeof(*words));

        if (words == NULL)
                return;
        *words = (struct last_words){ reason, kri_born_starter(&g->born) };
        if (kr_defer(tell_starter, words))
                g->born.flags |= KRI_BORN_ACKED;
}

static void report_crash(void *words)
{
        kri_gen_tells(true);
        kri_report_crash(KR_CLASS_ERROR, ((struct last_words *)words)->reason);
        kri_gen_tells(false);
}

/* Also if the report before it, which reads the state, comes upon what the fault has left there. */
static void report_later(kr_term reason)
{
        struct last_words *words = kr_alloc(sizeof(*words));

        if (words != NULL)
                words->reason = reason;
        if (words == NULL || !kr_defer(report_crash, words))
                kri_report_crash(KR_CLASS_ERROR, reason);
}

/* Clean-ups run after this, the last one first: the state is there for the report, and goes
 * after what the kind has. */
static void gen_ended(void *record, kr_term reason, bool fault)
{
        kr_gen *g = record;
        const kr_kind *kind = g->behaviour->kind;
        bool has_own = kind->ended != NULL || g->born.more != NULL;
        bool reports;

        if ((g->born.flags & KRI_BORN_REPLICA) != 0)
                return; /* what its state says it owns is another's */
        if (leaves_name(g) && kri_born_leaves_starter(&g->born, reason))
                tell_starter_last(g, reason);
        reports = kri_born_ended(&g->born, reason, fault);
        kri_moving_ended(g, reason, fault);
        if (!reports && !has_own) {
                if (g->behaviour->release != NULL)
                        release_state(g);
                return;
        }
        if (g->behaviour->release != NULL)
                later(release_state, g);
        if (has_own)
                later(release_own, g);
        if (leaves_name(g))
                later(release_name, g);
        if (!reports)
                return;
        report_later(reason);
        if (kind->report != NULL && (g->born.flags & KRI_BORN_RUNNING) != 0)
                kind->report(g, KR_CLASS_ERROR, reason);
}

const kr_loop kri_gen_loop = { .name = "gen",
                               .run = gen_run,
                               .caught = gen_caught,
                               .ended = gen_ended,
                               .reports = true,
                               .refresh = kri_gen_refresh,
                               .code = kri_gen_code };

/* -- waiting -- */

/* {Pid, Tag}, or whatever stands there: then it cannot be answered. */
static kr_from from_of(kr_term term)
{
        kr_from from = { kr_pid_none(), kr_ref_none(), term };

        (void)kr_get_from(term, &from);
        return from;
}

/* The parent's end is ours. */
static void hear_exit(kr_gen *g, kr_gen_in *in, kr_pid pid, kr_term reason)
{
        if (!kr_pid_eq(pid, kr_gen_parent(g)))
                return;
        kr_gen_handling(g, in);
        g->behaviour->kind->terminate(g, KR_CLASS_EXIT, reason);
}

static int is_info(kr_gen_in *in)
{
        in->from.pid = kr_pid_none();
        in->term = in->slot.term;
        return KR_GEN_INFO;
}

/* A triple that begins with an atom: what it is for; KR_TIMEOUT: not for the user, it has been
 * seen to. */
static int sort_out(kr_gen *g, kr_gen_in *in)
{
        kr_term what = in->slot.term, from;
        kr_pid pid;

        if (kr_match(what, "{'$gen_call', ~, ~}", &from, &in->term)) {
                in->from = from_of(from);
                return KR_GEN_CALL;
        }
        if (kr_match(what, "{system, ~, ~}", &from, &in->term)) {
                in->from = from_of(from);
                kri_gen_system(g, in);
                return KR_TIMEOUT;
        }
        if (kr_match(what, "{'EXIT', ~, ~}", &pid, &from))
                hear_exit(g, in, pid, from);
        return KR_GEN_INFO;
}

static int open_it(kr_gen *g, kr_gen_in *in)
{
        switch (kri_gen_open(in->slot.term, &in->from, &in->term)) {
        case KRI_ENVELOPE_CALL:
                return KR_GEN_CALL;
        case KRI_ENVELOPE_SYSTEM:
                kri_gen_system(g, in);
                return KR_TIMEOUT;
        case KRI_ENVELOPE_CAST:
                in->from.pid = kr_pid_none();
                return KR_GEN_CAST;
        case KRI_ENVELOPE_EXIT: {
                kr_pid pid = in->from.pid;
                kr_term reason = in->term;

                (void)is_info(in);
                hear_exit(g, in, pid, reason);
                return KR_GEN_INFO;
        }
        case KRI_ENVELOPE_NONE:
                return is_info(in);
        default:
                (void)is_info(in);
                return sort_out(g, in);
        }
}

static inline bool is_suspended(const kr_gen *g)
{
        return __builtin_expect(g->born.more != NULL, 0) && g->born.more->sys.suspended;
}

enum { SYSTEM, PARENT };

#define MUCH_WAITS 256 /* messages */

static bool has_much_waiting(void)
{
        kr_msg info = KR_MSG_INIT;
        int64_t length = 0;

        if (kr_process_info(kr_self(), KR_ATOM("message_queue_len"), &info))
                (void)kr_match(info.term, "{message_queue_len, ~}", &length);
        kr_msg_clear(&info);
        return length > MUCH_WAITS;
}

/* Nothing else while sys has it stand still; that has no time limit. A wait without a stack looks
 * at all that waits whenever something comes, so where that is much it keeps its stack. */
static __attribute__((noinline)) int receive_suspended(kr_gen *g, kr_gen_in *in)
{
        kr_pid parent = kr_gen_parent(g);

        if (has_much_waiting())
                return kr_receive(&in->slot, KR_INFINITY, kr_on(SYSTEM, "{system, _, _}"),
                                  kr_on(PARENT, "{'EXIT', =, _}", parent));
        return kr_receive_top(&in->slot, KR_INFINITY, kr_on(SYSTEM, "{system, _, _}"),
                              kr_on(PARENT, "{'EXIT', =, _}", parent));
}

/* For debug options; the kind may tell them itself. */
static __attribute__((noinline)) void tell_in(kr_gen *g, const kr_gen_in *in)
{
        if (g->born.more->saved != NULL)
                kri_gen_serves(g);
        if (!g->behaviour->kind->says_in)
                kr_gen_debug(g, "{in, ~}", in->slot.term);
}

int kr_gen_receive(kr_gen *g, kr_gen_in *in, int64_t timeout_ms)
{
        int what;

        do {
                if (is_suspended(g))
                        what = receive_suspended(g, in);
                else
                        what = kri_receive_next(&in->slot, timeout_ms);
                if (what == KR_TIMEOUT)
                        break;
                what = open_it(g, in);
        } while (what == KR_TIMEOUT);
        if (__builtin_expect(kri_is_looked_at(g->behaviour->attention), 0))
                kri_gen_look(g);
        if (__builtin_expect(g->born.more != NULL, 0) && what != KR_TIMEOUT)
                tell_in(g, in);
        return what;
}

/* -- starting -- */

/* {Args, Name, Debug}: gives a new term. */
static kr_term pack(const kr_start_opts *opts, kr_term args)
{
        kr_term debug = opts->debug != NULL ? kr_build("~", opts->debug) : kr_nil();
        kr_term packed;

        if (kr_is_none(debug))
                return debug;
        if (opts->via != NULL)
                packed = kr_build("{~, {~, ~}, ~}", args, (uint64_t)(uintptr_t)opts->via,
                                  opts->via_name, debug);
        else if (opts->name != NULL)
                packed = kr_build("{~, ~, ~}", args, kri_atom_of(opts->name), debug);
        else
                packed = kr_build("{~, [], ~}", args, debug);
        kr_release(debug);
        return packed;
}

static const char *bad_start(const kr_behaviour *behaviour, const kr_start_opts *opts)
{
        if (behaviour == NULL || behaviour->kind == NULL)
                return "behaviour";
        if (opts == NULL)
                return NULL;
        if (opts->name != NULL &&
            (opts->via != NULL || kri_atom_of(opts->name).index == 0))
                return "name";
        if (opts->via != NULL && kr_is_none(opts->via_name))
                return "via_name";
        return NULL;
}

kr_gen *kri_gen_new(const kr_behaviour *behaviour, void *room, size_t room_size)
{
        size_t size = gen_size(behaviour);
        kr_gen *g = size <= room_size ? room : kr_alloc(size);

        if (g == NULL)
                return NULL;
        memset(g, 0, size);
        g->behaviour = behaviour;
        return g;
}

/* In line: see `Why` in core/call.h. */
static inline __attribute__((always_inline)) kr_started start(
        enum kri_start_mode mode, const kr_behaviour *behaviour,
        const kr_start_opts *opts, kr_term args)
{
        kr_started started = { KR_ENOMEM, kr_pid_none(), kr_ref_none() };
        union {
                max_align_t align;
                char bytes[512];
        } room;
        kr_gen *g = kri_gen_new(behaviour, &room, sizeof(room));
        struct kri_newborn child = { &kri_gen_loop, g, gen_size(behaviour), args };

        if (g == NULL)
                return started;
        if (opts != NULL &&
            (opts->name != NULL || opts->via != NULL || opts->debug != NULL)) {
                child.args = pack(opts, args);
                g->born.flags |= KRI_BORN_PACKED;
        }
        if (!kr_is_none(child.args))
                started = kri_start_child(mode, opts, &child, false);
        if ((g->born.flags & KRI_BORN_PACKED) != 0)
                kr_release(child.args);
        if ((void *)g != (void *)&room)
                kr_free(g);
        return started;
}

/* A term of one's own in a slot, by way of the mailbox; without memory it stays empty. */
static void fill_slot(kr_msg *slot, kr_term term)
{
        kr_ref ref = kr_make_ref();
        kr_term value;

        if (slot != NULL && kr_send(kr_self(), "{~, ~}", ref, term) == KR_OK &&
            kr_receive(slot, KR_INFINITY, kr_on(0, "{=, ~}", ref, &value)) == 0)
                slot->term = value;
}

/* The arguments could not be built, and the caller goes on (it is a thread): why. */
static kr_err not_built(const kr_start_opts *opts)
{
        kr_term misuse = kri_gen_misuse();

        if (kr_is_none(misuse))
                return KR_ENOMEM;
        fill_slot(opts != NULL ? opts->ret_reason : NULL, misuse);
        kr_release(misuse);
        return KR_EBADARG;
}

/* KR_OK: it may be started; else what the start comes to. */
static kr_err may_start(const kr_behaviour *behaviour, const kr_start_opts *opts,
                        kr_pid *ret_other)
{
        const char *bad = bad_start(behaviour, opts);

        if (kr_here() == NULL)
                return KR_EBADARG;
        if (bad != NULL) {
                kri_otp_badarg("kr_start", bad);
                return KR_EBADARG;
        }
        return kri_name_is_taken(opts, ret_other) ? KR_EALREADY : KR_OK;
}

kr_started kri_gen_start_with(enum kri_start_mode mode, const kr_behaviour *behaviour,
                              const kr_start_opts *opts, kr_term args)
{
        kr_started started = { KR_OK, kr_pid_none(), kr_ref_none() };

        started.err = may_start(behaviour, opts, &started.pid);
        if (started.err == KR_OK)
                started = start(mode, behaviour, opts, args);
        return started;
}

kr_started kri_gen_start(enum kri_start_mode mode, const kr_behaviour *behaviour,
                         const kr_start_opts *opts, struct kri_site *site,
                         const union kri_arg *args)
{
        kr_started started = { KR_OK, kr_pid_none(), kr_ref_none() };
        kr_term term;

        started.err = may_start(behaviour, opts, &started.pid);
        if (started.err != KR_OK)
                return started;
        term = kri_build(site, args);
        if (kr_is_none(term))
                started.err = not_built(opts);
        else
                started = start(mode, behaviour, opts, term);
        kr_release(term);
        return started;
}
