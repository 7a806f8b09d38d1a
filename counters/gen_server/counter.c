/* SPDX-License-Identifier: Apache-2.0 */
/* counter: what a counter does, and no more; counter.erl says it in Erlang. */
#include "counter.h"

struct counter {
        int64_t value;
};

KR_FIELDS(counter_fields, struct counter, value);

/* -- what others call -- */

kr_started counter_start_link(void)
{
        return kr_start_link(&counter, KR_START_OPTS(.name = "counter"), "0");
}

kr_term counter_read(kr_msg *answer)
{
        return kr_call("counter", answer, "read");
}

kr_err counter_tick(kr_term n)
{
        kr_cast("counter", "{tick, ~}", n);
        return KR_OK;
}

kr_err counter_stop(void)
{
        kr_cast("counter", "stop");
        return KR_OK;
}

/* -- callbacks -- */

static kr_next init(struct counter *c, kr_term value)
{
        c->value = kr_to_int64(value);
        return kr_ok();
}

static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", c->value);
        kr_error("function_clause");
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        kr_term n;

        if (kr_match(message, "{tick, ~}", &n)) {
                c->value = kr_add(c->value, kr_to_int64(n));
                return kr_noreply();
        }
        if (kr_match(message, "stop"))
                return kr_stop("normal");
        kr_error("function_clause");
}

static kr_next handle_info(struct counter *c, kr_term info)
{
        (void)c;
        (void)info;
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              .fields = counter_fields);
