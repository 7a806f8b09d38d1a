/* SPDX-License-Identifier: Apache-2.0 */
/* counter.c: a module in versions that differ in VERSION alone: a plain loop that moves when it
 * is called by its name, one that never does, and a behaviour. */
#include <krarup.h>

#ifndef VERSION
#define VERSION 1
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

struct state {
        int64_t value;
        const char *who; /* points into the module */
};

enum { TICK, WHAT, STOP };

/* Passes through its name at each message. */
static void loop(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        switch (kr_receive(&msg, KR_INFINITY, kr_on(TICK, "tick"),
                           kr_on(WHAT, "{what, ~}", &from), kr_on(STOP, "stop"))) {
        case TICK:
                value++;
                break;
        case WHAT:
                kr_send(from, "{~, ~}", VERSION, value);
                break;
        default:
                return;
        }
        kr_msg_clear(&msg);
        kr_become_named("counter", "loop", value);
}

/* Stays in the version that it was started in. */
static void local_loop(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY, kr_on(TICK, "tick"),
                                   kr_on(WHAT, "{what, ~}", &from),
                                   kr_on(STOP, "stop"))) {
                case TICK:
                        value++;
                        break;
                case WHAT:
                        kr_send(from, "{~, ~}", VERSION, value);
                        break;
                default:
                        return;
                }
        }
}

static kr_next init(struct state *s, kr_term args)
{
        s->who = "a literal of version " TEXT(VERSION);
        return kr_match(args, "~", &s->value) ? kr_ok() : kr_stop("badarg");
}

static kr_next handle_call(struct state *s, kr_term request, kr_from from)
{
        (void)request;
        (void)from;
        return kr_reply("{~, ~}", VERSION, s->value);
}

KR_GEN_SERVER(server, struct state, .init = init, .handle_call = handle_call,
              .version = TEXT(VERSION));

KR_FUNCTION(version)
{
        return kr_build("~", VERSION);
}

KR_FUNCTION(add, int64_t, a, int64_t, b)
{
        return kr_build("~", a + b);
}

KR_FUNCTION(start, int64_t, value)
{
        return kr_build("~", kr_spawn(loop, value));
}

KR_FUNCTION(start_local, int64_t, value)
{
        return kr_build("~", kr_spawn(local_loop, value));
}

KR_FUNCTION(literal)
{
        return kr_build("\"from the module\"");
}

KR_FUNCTION(big)
{
        static const char bytes[1000] = "from the module";

        return kr_binary(bytes, sizeof(bytes));
}

/* Where nothing is; the compiler is not to know. */
static volatile int *nowhere(void)
{
        uintptr_t at = 8;

        __asm__("" : "+r"(at));
        return (volatile int *)at;
}

KR_FUNCTION(crash)
{
        *nowhere() = 1;
        return kr_build("ok");
}

/* read/0 and read/1: two clauses of one name. */
static kr_term read_any(kr_term args)
{
        kr_term which;

        if (kr_match(args, "{first}"))
                return kr_build("1");
        if (kr_match(args, "{second}"))
                return kr_build("2");
        if (kr_match(args, "{~}", &which) && kr_is_integer(which))
                return kr_keep(which);
        return kr_no_clause();
}

static const kr_export exports[] = {
        KR_EXPORT(version), KR_EXPORT_HELP(add, "add(A, B): their sum"),
        KR_EXPORT(start),   KR_EXPORT(start_local),
        KR_EXPORT(literal), KR_EXPORT(big),
        KR_EXPORT(crash),   { "read", 1, read_any, NULL },
};
static const kr_named_loop loops[] = { KR_LOOP(loop) };
static const kr_behaviour *const behaviours[] = { &server };

KR_MODULE(counter, .version = TEXT(VERSION), KR_EXPORTS(exports),
          KR_BEHAVIOURS(behaviours), KR_LOOPS(loops));
