/* SPDX-License-Identifier: Apache-2.0 */
/* counter: a gen_server that traps exits, so that it can say its last word; counter.erl says it
 * in Erlang. */
#include "counter.h"

#include "say.h"

struct counter {
        int64_t value;
};

/* -- what others call -- */

kr_started counter_start(kr_term args, kr_msg *more)
{
        const kr_start_opts opts = { .name = "counter", .ret_reason = more };

        say("counter:start(~)", kr_hd(args));
        return kr_start_link(&counter, &opts, "~", kr_hd(args));
}

kr_err counter_tick(kr_term n)
{
        int64_t number;

        say("counter:tick(~)", n);
        if (!kr_get_int64(n, &number))
                return KR_EBADARG;
        kr_cast("counter", "{tick, ~}", number);
        return KR_OK;
}

kr_err counter_tick_and_wait(int64_t n, int64_t *ret_value)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        say("counter:tick_and_wait(~)", n);
        err = kr_try_call("counter", &answer, KR_CALL_TIMEOUT_MS, "{tick, ~}", n);
        if (err == KR_OK)
                (void)kr_get_int64(answer.term, ret_value);
        kr_msg_clear(&answer);
        return err;
}

kr_term counter_read(kr_msg *answer)
{
        say_plain("counter:read()");
        return kr_call("counter", answer, "read");
}

/* -- callbacks -- */

static kr_next init(struct counter *c, kr_term first)
{
        say("counter:init(~)", first);
        kr_trap_exit(true);
        c->value = kr_to_int64(first);
        return kr_ok();
}

static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        int64_t n;

        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", c->value);
        if (kr_match(request, "{tick, ~}", &n)) {
                c->value = kr_add(c->value, n);
                return kr_reply("~", c->value);
        }
        return kr_stop("{bad_call, ~}", request);
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        kr_term n;

        if (kr_match(message, "{tick, ~}", &n)) {
                c->value =
                        kr_add(c->value, kr_to_int64(n)); /* badarith for what is none */
                return kr_noreply();
        }
        return kr_stop("{bad_cast, ~}", message);
}

static kr_next handle_info(struct counter *c, kr_term info)
{
        say("counter:handle_info(~,~)", info, c->value);
        return kr_noreply();
}

static void terminate(struct counter *c, kr_term reason)
{
        say("counter:terminate(~,~)", reason, c->value);
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              .terminate = terminate);
