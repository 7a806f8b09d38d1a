/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server.c: the generic part of gen_server.
 *
 * A round is one message: kr_gen_receive, the callback, and what its kr_next says. A kr_next
 * travels in two registers; what does not fit (a reason, what to continue with) lies in the
 * record, one of it at a time, and the kr_next has its number: one that is old, because it was
 * stored or an other was made after it, is told from the present one.
 */
#include "gen.h"
#include "report.h"

#include <krarup/fields.h>
#include <krarup/gen_server.h>

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS_MAX INT64_C(4294967295)
#define TEXT_BYTES 200

enum callback { INIT, CALL, CAST, INFO, CONTINUE, CODE_CHANGE, CALLBACKS };

static const char *const callback_names[] = {
        "init",        "handle_call",     "handle_cast",
        "handle_info", "handle_continue", "code_change"
};
static const int arities[] = { 1, 3, 2, 2, 2, 3 };

/* Behind the user's state: a struct rare while it is needed; else, odd, twice the number that
 * the last one had, or 0. The rest is in struct kri_born: `then` is what comes before the next
 * message, `callback` the one that runs, or ran last. */
struct own {
        uintptr_t rare;
};

_Static_assert(sizeof(struct own) == 8, "an idle server is small");

/* SENT: kept for debug options only. */
enum replied { NO_REPLY, SENT, TO_BE_SENT };

struct rare {
        kr_term more;     /* a reason, or what to continue with: of the latest kr_next */
        kr_term reply;    /* see `replied` */
        uintptr_t serial; /* of `more` */
        enum replied replied; /* what `reply` is */
        bool is_thrown;       /* a kr_next is on its way up */
};

static struct own *own_of(kr_gen *g)
{
        return kri_gen_own(g);
}

/* NULL: none. */
static struct rare *rare_of(kr_gen *g)
{
        uintptr_t rare = own_of(g)->rare;

        return rare & 1 ? NULL : (struct rare *)rare;
}

/* No memory: error system_limit. */
static struct rare *new_rare(uintptr_t serial)
{
        struct rare *rare = kr_alloc(sizeof(*rare));

        if (!rare)
                kr_error("system_limit");
        *rare = (struct rare){ .more = kr_nil(), .reply = kr_nil(), .serial = serial };
        return rare;
}

/* Made if need be. */
static struct rare *rare_needed(kr_gen *g)
{
        struct rare *rare = rare_of(g);

        if (!rare) {
                rare = new_rare(own_of(g)->rare >> 1);
                own_of(g)->rare = (uintptr_t)rare;
        }
        return rare;
}

static void rare_done(kr_gen *g)
{
        struct rare *rare = rare_of(g);

        if (!rare || rare->replied != NO_REPLY || rare->is_thrown)
                return;
        kr_release(rare->more);
        own_of(g)->rare = rare->serial << 1 | 1;
        kr_free(rare);
}

/* The latest kr_stop, kr_fail or kr_then_continue's. */
static kr_term more_of(kr_gen *g)
{
        struct rare *rare = rare_of(g);

        return rare ? rare->more : kr_nil();
}

static const struct kri_gen_server *table_of(kr_gen *g)
{
        return g->behaviour->callbacks;
}

/* kri_gen_debugs, without a call. */
static inline bool is_watched(const kr_gen *g)
{
        return __builtin_expect(g->born.more != NULL, 0) && g->born.more->sys.debug;
}

static KR_NORETURN void finish(kr_gen *g, kr_class kind, kr_term reason);

/* -- making a kr_next -- */

/* The gen_server that runs the calling callback; NULL: none does. */
static kr_gen *self(void)
{
        kr_gen *g = kr_loop_record(&kri_gen_loop);

        return g && g->behaviour->kind == &kr_gen_server_kind ? g : NULL;
}

static kr_gen *self_or_badarg(const char *function)
{
        kr_gen *g = self();

        if (!g && !kri_gen_is_thread())
                kr_error(
                        "{badarg, {~, <<\"only a callback of a gen_server may call it\">>}}",
                        function);
        return g;
}

/* Takes `t`; gives its number. No memory: the atom enomem. */
static uintptr_t set_more(kr_gen *g, kr_term t)
{
        struct rare *rare = rare_needed(g);

        kr_release(rare->more);
        rare->more = kr_is_none(t) ? kr_atom_term(KR_ATOM("enomem")) : t;
        return ++rare->serial;
}

/* Takes `t`. */
static void set_reply(kr_gen *g, enum replied replied, kr_term t)
{
        struct rare *rare = rare_needed(g);

        kr_release(rare->reply);
        rare->reply = kr_is_none(t) ? kr_atom_term(KR_ATOM("enomem")) : t;
        rare->replied = replied;
}

kr_next kri_next_reply(struct kri_site *site, const union kri_arg *args)
{
        kr_gen *g = self_or_badarg("kr_reply");
        kr_gen_in *in = g ? kr_gen_handled(g) : NULL;

        /* from another callback it is a bad return value */
        if (in && g->born.callback == CALL) {
                kri_gen_reply(in->from, site, args);
                if (is_watched(g))
                        set_reply(g, SENT, kri_build(site, args));
        }
        return kri_next_of(KRI_NEXT_REPLY);
}

kr_next kri_next_stop(enum kri_next kind, struct kri_site *site,
                      const union kri_arg *args)
{
        kr_gen *g = self_or_badarg(kind == KRI_NEXT_STOP ? "kr_stop" : "kr_fail");
        kr_next next = kri_next_of(kind);

        if (g)
                next.more = set_more(g, kri_build(site, args));
        return next;
}

kr_next kr_then_timeout(kr_next next, int64_t timeout_ms)
{
        next.then = KRI_THEN_TIMEOUT;
        if (timeout_ms == KR_INFINITY)
                next.then = KRI_THEN_NOTHING;
        else if (timeout_ms >= 0 && timeout_ms <= TIMEOUT_MS_MAX)
                next.timeout_ms = (uint32_t)timeout_ms;
        else
                next.then = KRI_THEN_BAD_TIMEOUT;
        return next;
}

kr_next kr_then_hibernate(kr_next next)
{
        next.then = KRI_THEN_HIBERNATE;
        return next;
}

kr_next kri_then_continue(kr_next next, struct kri_site *site, const union kri_arg *args)
{
        kr_term what = kri_build(site, args);
        kr_gen *g = self();

        next.then = KRI_THEN_CONTINUE;
        /* Elsewhere it is for kr_gen_server_enter_loop. */
        next.more = g ? set_more(g, what) : what.w;
        return next;
}

kr_next kri_then_reply(kr_next next, struct kri_site *site, const union kri_arg *args)
{
        kr_gen *g = self_or_badarg("kr_then_reply");

        if (!g)
                return next;
        set_reply(g, TO_BE_SENT, kri_build(site, args));
        if (next.kind != KRI_NEXT_STOP)
                next = kri_next_of(KRI_NEXT_NONE);
        return next;
}

void kr_throw_next(kr_next next)
{
        kr_gen *g = self_or_badarg("kr_throw_next");

        if (g)
                rare_needed(g)->is_thrown = true;
        kr_throw("{'$kr_throw_next', ~, ~, ~, ~}", next.kind, next.then, next.timeout_ms,
                 next.more);
}

/* The kr_next that this throw stands for. */
static bool is_thrown_next(kr_gen *g, kr_term thrown, kr_next *ret)
{
        struct rare *rare = rare_of(g);
        kr_next next;

        if (!rare || !rare->is_thrown ||
            !kr_match(thrown, "{'$kr_throw_next', ~, ~, ~, ~}", &next.kind, &next.then,
                      &next.timeout_ms, &next.more))
                return false;
        rare->is_thrown = false;
        *ret = next;
        return true;
}

/* -- what a callback may not return -- */

static const char *kind_text(uint16_t kind)
{
        switch (kind) {
        case KRI_NEXT_OK:
                return "kr_ok()";
        case KRI_NEXT_NOREPLY:
                return "kr_noreply()";
        case KRI_NEXT_REPLY:
                return "kr_reply(...)";
        case KRI_NEXT_STOP:
                return "kr_stop(...)";
        case KRI_NEXT_IGNORE:
                return "kr_ignore()";
        case KRI_NEXT_ERROR:
                return "kr_fail(...)";
        default:
                return "no kr_next that Krarup made";
        }
}

/* Those that say kr_ok() where others say kr_noreply(). */
static bool is_beginning(enum callback callback)
{
        return callback == INIT || callback == CODE_CHANGE;
}

static const char *remedy(enum callback callback, kr_next next)
{
        switch (next.kind) {
        case KRI_NEXT_OK:
                return callback == CALL ? "it says kr_reply(...), or kr_noreply()"
                                        : "it says kr_noreply()";
        case KRI_NEXT_NOREPLY:
                return "it says kr_ok()";
        case KRI_NEXT_REPLY:
                return is_beginning(callback)
                               ? "it says kr_ok()"
                               : "only handle_call has somebody to reply to";
        case KRI_NEXT_IGNORE:
        case KRI_NEXT_ERROR:
                return "only init may";
        default:
                return "a kr_next comes from kr_reply, kr_noreply, kr_stop and the like, and "
                       "kr_then_reply goes with kr_stop only";
        }
}

static bool says_go_on(enum callback callback, kr_next next)
{
        return next.kind == (is_beginning(callback) ? KRI_NEXT_OK : KRI_NEXT_NOREPLY);
}

static void say_bad(char *text, size_t size, enum callback callback, kr_next next)
{
        const char *name = callback_names[callback];

        if (next.then == KRI_THEN_BAD_TIMEOUT)
                snprintf(text, size,
                         "%s: kr_then_timeout wants 0 to 4294967295 milliseconds, or "
                         "KR_INFINITY",
                         name);
        else if (next.kind == KRI_NEXT_STOP || says_go_on(callback, next))
                snprintf(
                        text, size,
                        "%s returned a kr_next that is not its latest (return it where it "
                        "is made), or kr_then_... of a kr_stop",
                        name);
        else
                snprintf(text, size, "%s returned %s: %s", name, kind_text(next.kind),
                         remedy(callback, next));
}

/* Gives a new term. */
static kr_term bad_return_value(enum callback callback, kr_next next)
{
        char text[TEXT_BYTES];

        say_bad(text, sizeof(text), callback, next);
        return kr_build("{bad_return_value, ~}", text);
}

static bool is_allowed(kr_gen *g, enum callback callback, kr_next next)
{
        const struct rare *rare = rare_of(g);
        bool has_more = next.kind == KRI_NEXT_STOP || next.kind == KRI_NEXT_ERROR ||
                        next.then == KRI_THEN_CONTINUE;

        bool ends = next.then == KRI_THEN_NOTHING;

        if (next.then == KRI_THEN_BAD_TIMEOUT ||
            (has_more && (!rare || next.more != rare->serial)))
                return false;
        switch (next.kind) {
        case KRI_NEXT_OK:
        case KRI_NEXT_NOREPLY:
                return says_go_on(callback, next);
        case KRI_NEXT_STOP:
                return ends;
        case KRI_NEXT_REPLY:
                return callback == CALL;
        case KRI_NEXT_IGNORE:
        case KRI_NEXT_ERROR:
                return ends && callback == INIT;
        default:
                return false;
        }
}

/* {undef, [{Callback, 0, []}]}: gives a new term. */
static kr_term undef(kr_gen *g, enum callback callback)
{
        char name[TEXT_BYTES];

        snprintf(name, sizeof(name), "%s:%s/%d", kr_gen_module(g)->name,
                 callback_names[callback], arities[callback]);
        return kr_build("{undef, [{~, 0, []}]}", name);
}

/* -- showing -- */

struct format_call {
        kr_gen *g;
        kr_term result;
};

static void call_format_status(void *arg)
{
        struct format_call *call = arg;

        call->result = table_of(call->g)->format_status(kr_gen_state(call->g));
}

static kr_term crashed_text(kr_gen *g)
{
        char text[TEXT_BYTES];

        snprintf(text, sizeof(text), "%s:format_status/1 crashed",
                 kr_gen_module(g)->name);
        return kr_string(text, strlen(text));
}

/* The state as format_status shows it, or its fields. Gives a new term. */
static kr_term shown_state(kr_gen *g)
{
        const struct kr_field *const *fields = kr_gen_module(g)->fields;
        struct format_call call = { g, kr_none() };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;
        bool done = kr_catch(call_format_status, &call, &kind, &reason);

        kr_msg_clear(&reason);
        if (!done)
                return crashed_text(g);
        if (!kr_is_none(call.result))
                return call.result;
        if (fields && *fields)
                return kri_report_fields(*fields, kr_gen_state(g));
        return kr_build("{undeclared, ~}", kr_gen_module(g)->state_size);
}

static kr_term status(kr_gen *g)
{
        kr_term state = shown_state(g), t = kr_build("[{data, [{\"State\", ~}]}]", state);

        kr_release(state);
        return t;
}

/* For debug options. The state as it is, not as format_status shows it. */
static kr_term plain_state(kr_gen *g)
{
        const struct kr_field *const *fields = kr_gen_module(g)->fields;

        if (fields && *fields)
                return kri_report_fields(*fields, kr_gen_state(g));
        return kr_build("{undeclared, ~}", kr_gen_module(g)->state_size);
}

static void debug_result(kr_gen *g, kr_next next)
{
        struct rare *rare = rare_of(g);
        kr_gen_in *in = kr_gen_handled(g);
        kr_term state = plain_state(g), from;

        if (next.kind == KRI_NEXT_REPLY && rare && rare->replied == SENT && in) {
                from = kr_from_term(in->from);
                kr_gen_debug(g, "{out, ~, ~, ~}", rare->reply, from, state);
                kr_release(from);
        } else if (next.kind == KRI_NEXT_NOREPLY) {
                kr_gen_debug(g, "{noreply, ~}", state);
        }
        kr_release(state);
        if (rare)
                set_reply(g, NO_REPLY, kr_nil());
}

/* -- ending -- */

/* Who asked, for the report: gives a new term. */
static kr_term client_info(const kr_gen_in *in)
{
        kr_atom items[] = { KR_ATOM("registered_name"), KR_ATOM("current_stacktrace") };
        kr_term name = kr_none(), trace = kr_nil(), t;
        kr_msg msg = KR_MSG_INIT;

        if (!in || kr_pid_is_none(in->from.pid))
                return kr_build("undefined");
        if (!kr_atom_eq(kr_pid_node(in->from.pid), kr_node_name(kr_here())))
                return kr_build("{~, remote}", in->from.pid);
        if (kr_pid_eq(in->from.pid, kr_self()) ||
            !kr_process_info_list(in->from.pid, items, 2, &msg))
                return kr_build("{~, dead}", in->from.pid);
        (void)kr_match(msg.term, "[{registered_name, ~}, {current_stacktrace, ~}]", &name,
                       &trace);
        if (kr_is_atom(name))
                t = kr_build("{~, {~, ~}}", in->from.pid, name, trace);
        else
                t = kr_build("{~, {~, ~}}", in->from.pid, in->from.pid, trace);
        kr_msg_clear(&msg);
        return t;
}

/* A cast as it came, otherwise what the callback got; [] for none. */
static kr_term last_message(kr_gen *g, const kr_gen_in *in)
{
        if (!in)
                return kr_nil();
        if (g->born.callback == CAST && !kr_is_none(in->slot.term))
                return in->slot.term;
        return in->term;
}

/* Borrows all of it. */
static void report_with(kr_gen *g, kr_term reason, kr_term state, kr_term client)
{
        kr_term log = g->born.more ? kr_sys_get_log(&g->born.more->sys) : kr_nil();

        kri_report(KR_LOG_ERROR,
                   "#{label => {gen_server, terminate}, name => ~, last_message => ~, "
                   "state => ~, log => ~, reason => ~, client_info => ~}",
                   kr_gen_name(g), last_message(g, kr_gen_handled(g)), state, log, reason,
                   client);
        kr_release(log);
}

static void report(kr_gen *g, kr_term reason)
{
        kr_gen_in *in = kr_gen_handled(g);
        kr_term state, client;

        if (!kri_report_wanted(KR_LOG_ERROR))
                return;
        state = shown_state(g);
        client = client_info(in && g->born.callback == CALL ? in : NULL);
        report_with(g, reason, state, client);
        kr_release(client);
        kr_release(state);
}

/* After a fault: no more of the user's code, and nobody can be asked. */
static void report_fault(kr_gen *g, kr_class kind, kr_term reason)
{
        kr_gen_in *in = kr_gen_handled(g);
        kr_term state, client;

        (void)kind;
        if (!kri_report_wanted(KR_LOG_ERROR))
                return;
        state = plain_state(g);
        if (in && g->born.callback == CALL)
                client = kr_build("{~, {~, []}}", in->from.pid, in->from.pid);
        else
                client = kr_build("undefined");
        report_with(g, reason, state, client);
        kr_release(client);
        kr_release(state);
}

struct terminate_call {
        kr_gen *g;
        kr_term reason;
};

static void call_terminate(void *arg)
{
        struct terminate_call *call = arg;

        (void)table_of(call->g)->terminate(kr_gen_state(call->g), call->reason);
}

/* {stop, Reason, Reply, State}: the reply follows terminate, whatever came of it. */
static void send_last_reply(kr_gen *g)
{
        struct rare *rare = rare_of(g);
        kr_gen_in *in = kr_gen_handled(g);

        if (rare && rare->replied == TO_BE_SENT && in && g->born.callback == CALL)
                kr_reply_to(in->from, "~", rare->reply);
}

/* Run terminate, report, reply, end. What terminate raises takes the place of the reason, but
 * for a throw, which is a result. */
static KR_NORETURN void finish(kr_gen *g, kr_class kind, kr_term reason)
{
        struct terminate_call call = { g, reason };
        kr_msg raised = KR_MSG_INIT;
        kr_class how;

        if (!kr_catch(call_terminate, &call, &how, &raised) && how != KR_CLASS_THROW) {
                kind = how;
                reason = raised.term;
                report(g, reason);
        } else if (kind != KR_CLASS_EXIT || !kri_report_is_planned(reason)) {
                report(g, reason);
        }
        send_last_reply(g);
        kr_gen_exit(g, kind, reason);
}

static KR_NORETURN void finish_bad(kr_gen *g, kr_next next)
{
        finish(g, KR_CLASS_EXIT, bad_return_value(g->born.callback, next));
}

/* -- a round -- */

/* handle_info that is missing is no crash. */
static void warn_no_handle_info(kr_gen *g, const kr_gen_in *in)
{
        if (kri_report_wanted(KR_LOG_WARNING))
                kri_report(KR_LOG_WARNING,
                           "#{label => {gen_server, no_handle_info}, module => ~, "
                           "message => ~}",
                           kri_atom_of(kr_gen_module(g)->name), in ? in->term : kr_nil());
}

/* A callback has returned, or thrown, anything but a plain reply or noreply. */
static void decide(kr_gen *g, kr_next next)
{
        enum callback callback = g->born.callback;

        if (next.kind == KRI_NEXT_UNDEF) {
                if (callback != INFO)
                        finish(g, KR_CLASS_ERROR, undef(g, callback));
                warn_no_handle_info(g, kr_gen_handled(g));
                next = kr_noreply();
        }
        if (!is_allowed(g, callback, next))
                finish_bad(g, next);
        if (next.kind == KRI_NEXT_STOP)
                finish(g, KR_CLASS_EXIT, more_of(g));
        if (is_watched(g))
                debug_result(g, next);
        g->born.then = (uint8_t)next.then;
        g->born.timeout_ms = next.timeout_ms;
}

/* Most of them: go on with the next message. */
static inline bool is_plain(enum callback callback, kr_next next)
{
        return next.then == KRI_THEN_NOTHING &&
               (next.kind == KRI_NEXT_NOREPLY ||
                (next.kind == KRI_NEXT_REPLY && callback == CALL));
}

static inline void result(kr_gen *g, kr_next next)
{
        if (__builtin_expect(!is_plain(g->born.callback, next) || is_watched(g), 0))
                decide(g, next);
        kri_gen_handling(g, NULL);
}

/* {continue, What}: before any message. */
static void go_on(kr_gen *g)
{
        kr_gen_in in = KR_GEN_IN_INIT;
        struct rare *rare = rare_of(g);
        kr_term what = rare->more;

        rare->more = kr_nil();
        rare_done(g);
        g->born.then = KRI_THEN_NOTHING;
        g->born.callback = CONTINUE;
        in.term = what;
        kri_gen_handling(g, &in);
        kr_gen_debug(g, "{continue, ~}", what);
        result(g, table_of(g)->handle_continue(kri_gen_state(g), what));
        kr_release(what);
}

static void loop(kr_gen *g)
{
        struct kri_born *born = &g->born;
        const struct kri_gen_server *table;
        void *state = kri_gen_state(g);
        kr_gen_in in; /* but for the slot, kr_gen_receive writes it */
        int what;

        if (born->then == KRI_THEN_CONTINUE) {
                go_on(g);
                return;
        }
        in.slot = (kr_msg){ .sig = NULL };
        what = kr_gen_receive(g, &in,
                              born->then == KRI_THEN_TIMEOUT ? born->timeout_ms
                                                             : KR_INFINITY);
        table = table_of(g); /* of the version that there is now */
        born->then = KRI_THEN_NOTHING;
        kri_gen_handling(g, &in);
        switch (what) {
        case KR_GEN_CALL:
                born->callback = CALL;
                result(g, table->handle_call(state, in.term, in.from));
                break;
        case KR_GEN_CAST:
                born->callback = CAST;
                result(g, table->handle_cast(state, in.term));
                break;
        case KR_TIMEOUT:
                in.term = kr_atom_term(KR_ATOM("timeout"));
                kr_gen_debug(g, "{in, timeout}"); /* fall through */
        default:
                born->callback = INFO;
                result(g, table->handle_info(state, in.term));
                break;
        }
}

/* An exit, error or throw of a callback; sys terminate; the parent's exit. */
static KR_NORETURN void terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        kr_next next;

        if (kind != KR_CLASS_THROW)
                finish(g, kind, reason);
        if (!is_thrown_next(g, reason, &next))
                finish(g, KR_CLASS_EXIT, kr_build("{bad_return_value, ~}", reason));
        result(g, next);
        kr_gen_loop(g);
}

/* -- init -- */

/* Init has said anything but a plain kr_ok(). */
static void decide_init(kr_gen *g, kr_next next)
{
        if (next.kind == KRI_NEXT_UNDEF)
                kr_gen_init_stop(g, KR_CLASS_ERROR, undef(g, INIT));
        if (!is_allowed(g, INIT, next))
                kr_gen_init_stop(g, KR_CLASS_EXIT, bad_return_value(INIT, next));
        if (next.kind == KRI_NEXT_STOP)
                kr_gen_init_stop(g, KR_CLASS_EXIT, more_of(g));
        if (next.kind == KRI_NEXT_ERROR)
                kr_gen_init_error(g, more_of(g));
        if (next.kind == KRI_NEXT_IGNORE)
                kr_gen_init_ignore(g);
}

static void initialised(kr_gen *g, kr_next next)
{
        if (next.kind != KRI_NEXT_OK || next.then != KRI_THEN_NOTHING)
                decide_init(g, next);
        g->born.then = (uint8_t)next.then;
        g->born.timeout_ms = next.timeout_ms;
        kr_gen_init_ack(g);
        kri_gen_is_running(g);
}

/* Nothing is caught here: what init raises comes to gen_caught, which does what is to be done. */
static void init(kr_gen *g, kr_term args)
{
        g->born.callback = INIT;
        initialised(g, table_of(g)->init(kri_gen_state(g), args));
}

static void init_threw(kr_gen *g, kr_term thrown)
{
        kr_next next;

        if (!is_thrown_next(g, thrown, &next))
                return;
        initialised(g, next);
        kr_gen_loop(g);
}

void kr_gen_server_enter_loop(const kr_behaviour *behaviour, const kr_start_opts *opts,
                              const void *state, kr_next next)
{
        struct rare *rare = NULL;
        kr_gen *g;

        if (!behaviour || behaviour->kind != &kr_gen_server_kind)
                kr_error(
                        "{badarg, {<<\"kr_gen_server_enter_loop\">>, <<\"behaviour\">>}}");
        if (next.kind != KRI_NEXT_OK || next.then == KRI_THEN_BAD_TIMEOUT)
                kr_error("{badarg, {<<\"kr_gen_server_enter_loop\">>, <<\"next\">>}}");
        if (next.then == KRI_THEN_CONTINUE) {
                rare = new_rare(0);
                rare->more = (kr_term){ next.more }; /* of kri_then_continue */
        }
        g = kri_gen_enter(behaviour, opts, state);
        own_of(g)->rare = (uintptr_t)rare;
        g->born.then = (uint8_t)next.then;
        g->born.timeout_ms = next.timeout_ms;
        kr_become_loop(&kri_gen_loop, g);
}

/* -- sys -- */

static kr_err code_change(kr_gen *g, kr_term old_version, kr_term extra,
                          kr_msg *ret_reason)
{
        kr_next next;

        g->born.callback = CODE_CHANGE;
        next = table_of(g)->code_change(kri_gen_state(g), old_version, extra);
        if (next.kind == KRI_NEXT_UNDEF)
                return KR_EIGNORED;
        if (!is_allowed(g, CODE_CHANGE, next))
                ret_reason->term = bad_return_value(CODE_CHANGE, next);
        else if (next.kind == KRI_NEXT_STOP)
                ret_reason->term = more_of(g);
        else
                return KR_OK;
        return KR_EFAILED;
}

const kr_kind kr_gen_server_kind = { .name = "gen_server",
                                     .init = init,
                                     .init_threw = init_threw,
                                     .loop = loop,
                                     .terminate = terminate,
                                     .code_change = code_change,
                                     .status = status,
                                     .own_size = sizeof(struct own),
                                     .report = report_fault };
