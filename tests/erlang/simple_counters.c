/* SPDX-License-Identifier: Apache-2.0 */
/* simple_counters: the first stage's four counters here: what each call gives, what ends them.
 * simple_counters.erl says what is done, with the same four in Erlang. */
#include "../../counters/simple/counter.h"
#include "../../counters/simple/counter_gen_server_lite.h"
#include "../../counters/simple/counter_rpc.h"
#include "../../counters/simple/counters.h"

#include <stdio.h>
#include <stdlib.h>

enum { DOWN, EXIT, OTHER };

struct kind {
        const char *name;
        bool (*start)(void);
        kr_err (*stop)(void);
        kr_err (*tick)(kr_term n);
        kr_term (*read)(kr_msg *answer);
};

static bool named_start(void)
{
        return counters_start("counter");
}

static kr_err named_stop(void)
{
        return counters_stop("counter");
}

static kr_err named_tick(kr_term n)
{
        return counters_tick("counter", n);
}

static kr_term named_read(kr_msg *answer)
{
        return counters_read("counter", answer);
}

static const struct kind kinds[] = {
        { "counter", counter_start, counter_stop, counter_tick, counter_read },
        { "counters", named_start, named_stop, named_tick, named_read },
        { "counter_rpc", counter_rpc_start, counter_rpc_stop, counter_rpc_tick,
          counter_rpc_read },
        { "counter_gen_server_lite", counter_gen_server_lite_start_link,
          counter_gen_server_lite_stop, counter_gen_server_lite_tick,
          counter_gen_server_lite_read },
};

/* -- a call, and what it gives as text -- */

struct call {
        const struct kind *kind;
        kr_term n;
        char result[200];
};

static void do_start(void *arg)
{
        struct call *call = arg;

        snprintf(call->result, sizeof(call->result), "%s",
                 call->kind->start() ? "true" : "false");
}

static void do_stop(void *arg)
{
        struct call *call = arg;

        snprintf(call->result, sizeof(call->result), "%s",
                 kr_err_name(call->kind->stop()));
}

static void do_tick(void *arg)
{
        struct call *call = arg;

        snprintf(call->result, sizeof(call->result), "%s",
                 kr_err_name(call->kind->tick(call->n)));
}

static void do_read(void *arg)
{
        struct call *call = arg;
        kr_msg answer = KR_MSG_INIT;

        kr_format(call->result, sizeof(call->result), call->kind->read(&answer));
}

static void do_kill(void *arg)
{
        struct call *call = arg;

        kr_exit_signal(kr_whereis("counter"), "kill");
        snprintf(call->result, sizeof(call->result), "ok");
}

/* Reasons of errors without the trace; badarg says more here than in Erlang. */
static void format_reason(char *text, size_t size, kr_term reason)
{
        kr_term what;

        if (kr_match(reason, "{~, [_ | _]}", &what))
                reason = what;
        if (kr_match(reason, "{badarg, _}"))
                snprintf(text, size, "badarg");
        else
                kr_format(text, size, reason);
}

static void show(const struct kind *kind, const char *what, void (*fn)(void *), kr_term n)
{
        struct call call = { kind, n, "" };
        kr_msg reason = KR_MSG_INIT;
        kr_class class;
        char text[200];

        if (kr_catch(fn, &call, &class, &reason)) {
                printf("  %s: %s\n", what, call.result);
                return;
        }
        format_reason(text, sizeof(text), reason.term);
        printf("  %s: {%s,%s}\n", what, class == KR_CLASS_ERROR ? "error" : "exit", text);
}

static void ending(const struct kind *kind, const char *what, void (*fn)(void *),
                   kr_term n)
{
        kr_ref monitor = kr_monitor("counter");
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        char text[200];

        show(kind, what, fn, n);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", monitor, &reason));
        format_reason(text, sizeof(text), reason);
        printf("  it ended: %s\n", text);
}

/* -- the scenario -- */

static size_t process_count(void)
{
        kr_msg all = KR_MSG_INIT;
        size_t count = 0;

        kr_processes(&all);
        (void)kr_length(all.term, &count); /* it is a proper list */
        return count;
}

static void show_mailbox(void)
{
        kr_msg info = KR_MSG_INIT;
        int len = -1;

        kr_process_info(kr_whereis("counter"), KR_ATOM("message_queue_len"), &info);
        (void)kr_match(info.term, "{message_queue_len, ~}", &len); /* else it stays -1 */
        printf("  left in its mailbox: %d\n", len);
}

static int left(void)
{
        kr_msg msg = KR_MSG_INIT;
        int count = 0, id;

        while ((id = kr_receive(&msg, 0, kr_on(EXIT, "{'EXIT', _, _}"),
                                kr_on(OTHER, "_"))) != KR_TIMEOUT)
                count += id == OTHER;
        return count;
}

static void tell(const struct kind *kind)
{
        kr_term none = kr_none();
        size_t before;

        printf("%s\n", kind->name);
        show(kind, "tick nobody", do_tick, kr_int(1));
        show(kind, "read nobody", do_read, none);
        show(kind, "start", do_start, none);
        show(kind, "read", do_read, none);
        show(kind, "tick 3", do_tick, kr_int(3));
        show(kind, "tick 39", do_tick, kr_int(39));
        show(kind, "read", do_read, none);
        before = process_count();
        show(kind, "start again", do_start, none);
        printf("  more processes: %zu\n", process_count() - before);
        kr_send("counter", "nonsense");
        show(kind, "read", do_read, none);
        show_mailbox();
        kr_send(kr_self(), "hello");
        show(kind, "read with a message there", do_read, none);
        show(kind, "read", do_read, none);
        ending(kind, "stop", do_stop, none);
        show(kind, "start", do_start, none);
        ending(kind, "tick foo", do_tick, kr_atom_term(KR_ATOM("foo")));
        show(kind, "start", do_start, none);
        ending(kind, "kill", do_kill, none);
        show(kind, "stop nobody", do_stop, none);
        printf("  left here: %d\n", left());
}

static void tell_all(void)
{
        kr_trap_exit(true);
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                tell(&kinds[i]);
}

int main(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_node *node;
        kr_pid self;

        if (kr_node_start(NULL, &node) != KR_OK || kr_thread_attach(node, &self) != KR_OK)
                return EXIT_FAILURE;
        kr_spawn_monitor(&monitor, tell_all);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, _}",
                         monitor)); /* the lines tell */
        kr_thread_detach();
        return kr_node_stop(node, KR_INFINITY);
}
