/* SPDX-License-Identifier: Apache-2.0 */
/* counter: a gen_server that every node of a cluster knows by one name; counter.erl says it in
 * Erlang. */
#include "counter.h"

#include "say.h"

struct counter {
        int64_t value;
};

static kr_term name(void)
{
        return kr_atom_term(KR_ATOM("counter"));
}

/* -- what others call -- */

kr_started counter_start(kr_term args, kr_msg *more)
{
        const kr_start_opts opts = { .via = &kr_via_global,
                                     .via_name = name(),
                                     .ret_reason = more };

        say("counter:start", "~", args);
        return kr_start_link(&counter, &opts, "~", kr_hd(args));
}

kr_err counter_tick(kr_term n)
{
        int64_t number;

        say("counter:tick", "[~]", n);
        if (!kr_get_int64(n, &number))
                return KR_EBADARG;
        kr_cast(kr_global(name()), "{tick, ~}", number);
        return KR_OK;
}

kr_term counter_read(kr_msg *answer)
{
        say("counter:read", "[]");
        return kr_call(kr_global(name()), answer, "read");
}

/* -- callbacks -- */

static kr_next init(struct counter *c, kr_term first)
{
        say("counter:init", "[~]", first);
        kr_trap_exit(true);
        if (!kr_get_int64(first, &c->value))
                return kr_stop("{bad_value, ~}", first);
        return kr_ok();
}

static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
{
        (void)from;
        if (kr_match(request, "read"))
                return kr_reply("~", c->value);
        return kr_stop("{bad_call, ~}", request);
}

static kr_next handle_cast(struct counter *c, kr_term message)
{
        kr_term n;

        if (kr_match(message, "{tick, ~}", &n)) {
                c->value = kr_add(c->value, kr_to_int64(n));
                return kr_noreply();
        }
        return kr_stop("{bad_cast, ~}", message);
}

static kr_next handle_info(struct counter *c, kr_term info)
{
        say("counter:handle_info", "[~, ~]", info, c->value);
        return kr_noreply();
}

static void terminate(struct counter *c, kr_term reason)
{
        say("counter:terminate", "[~, ~]", reason, c->value);
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              .terminate = terminate);
