/* SPDX-License-Identifier: Apache-2.0 */
/* counter: the counter of simple/ as a module whose loop is called by its name, so that it can
 * change while it runs; counter.erl says it in Erlang. VERSION 2 can be reset. */
#include <krarup.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

enum { STOP, TICK, READ, RESET, ANSWER };

#if VERSION >= 2
#define ON_RESET kr_on(RESET, "{reset, _}"),
#else
#define ON_RESET
#endif

static void loop(int64_t value)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;
        kr_term n;

        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(STOP, "{stop, _}"),
                               kr_on(TICK, "{tick, ~, _}", &n),
                               ON_RESET kr_on(READ, "{read, ~}", &from))) {
        case STOP:
                return;
        case TICK:
                value = kr_add(value, kr_to_int64(n));
                break;
        case READ:
                kr_send(from, "~", value);
                break;
        case RESET:
                value = 0;
                break;
        }
        kr_become_named("counter", "loop", value);
}

KR_FUNCTION(start)
{
        kr_register("counter", kr_spawn(loop, 0));
        return kr_build("true");
}

KR_FUNCTION(stop)
{
        kr_send("counter", "{stop, ~}", kr_self());
        return kr_build("ok");
}

KR_FUNCTION(tick, kr_term, n)
{
        kr_send("counter", "{tick, ~, ~}", n, kr_self());
        return kr_build("ok");
}

KR_FUNCTION(read)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term value;

        kr_send("counter", "{read, ~}", kr_self());
        kr_receive(&answer, KR_INFINITY, kr_on(ANSWER, "_"));
        value = kr_keep(answer.term);
        kr_msg_clear(&answer);
        return value;
}

#if VERSION >= 2
KR_FUNCTION(reset)
{
        kr_send("counter", "{reset, ~}", kr_self());
        return kr_build("ok");
}
#endif

static const kr_export exports[] = {
        KR_EXPORT(start), KR_EXPORT(stop), KR_EXPORT(tick), KR_EXPORT(read),
#if VERSION >= 2
        KR_EXPORT(reset),
#endif
};
static const kr_named_loop loops[] = { KR_LOOP(loop) };

KR_MODULE(counter, .version = TEXT(VERSION), KR_EXPORTS(exports), KR_LOOPS(loops));
