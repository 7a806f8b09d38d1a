/* SPDX-License-Identifier: Apache-2.0 */
/* counter_gen_server_lite: what every server does, apart from what this one does;
 * counter_gen_server_lite.erl says it in Erlang. */
#include "counter_gen_server_lite.h"

enum { CALL, CAST, ANSWER, NOREPLY, STOP };

/* -- this server -- */

/* Returns the reply. */
static int64_t handle_call(kr_term request, int64_t *value)
{
        if (!kr_match(request, "read"))
                kr_error("function_clause");
        return *value;
}

static int handle_cast(kr_term request, int64_t *value)
{
        kr_term n;

        if (kr_match(request, "{tick, ~}", &n)) {
                *value = kr_add(*value, kr_to_int64(n));
                return NOREPLY;
        }
        if (kr_match(request, "stop"))
                return STOP;
        kr_error("function_clause");
}

/* -- every server -- */

static void loop(int64_t state)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term request;
        kr_pid from;

        switch (kr_receive_top(&msg, KR_INFINITY,
                               kr_on(CALL, "{request, ~, ~}", &request, &from),
                               kr_on(CAST, "{request, ~}", &request))) {
        case CALL:
                kr_send(from, "{reply, ~}", handle_call(request, &state));
                kr_become(loop, state);
        case CAST:
                if (handle_cast(request, &state) != STOP)
                        kr_become(loop, state);
        }
}

/* Macros, for a request is written as a pattern and patterns are literals. */
#define cast(name, request, ...) kr_send(name, "{request, " request "}", ##__VA_ARGS__)
#define call(name, answer, request) (cast(name, request ", ~", kr_self()), await(answer))

static kr_term await(kr_msg *answer)
{
        kr_term reply;

        kr_receive(answer, KR_INFINITY, kr_on(ANSWER, "{reply, ~}", &reply));
        return reply;
}

/* -- what others call -- */

bool counter_gen_server_lite_start_link(void)
{
        kr_register("counter", kr_spawn_link(loop, 0));
        return true;
}

kr_term counter_gen_server_lite_read(kr_msg *answer)
{
        return call("counter", answer, "read");
}

kr_err counter_gen_server_lite_tick(kr_term n)
{
        return cast("counter", "{tick, ~}", n);
}

kr_err counter_gen_server_lite_stop(void)
{
        return cast("counter", "stop");
}
