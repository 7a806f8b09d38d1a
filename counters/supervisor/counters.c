/* SPDX-License-Identifier: Apache-2.0 */
/* counters: the same with a name of one's choice; named_counters.erl says it in Erlang. */
#include "counters.h"

#include <stdatomic.h>
#include <string.h>

#include "say.h"

struct counter {
        int64_t value;
};

/* -- names -- */

static _Atomic int new_names;

static bool is_name(const char *name)
{
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

        return name[0] >= 'a' && name[0] <= 'z' && name[len] == 0 && len <= 60;
}

kr_err counters_name(const char *name, kr_atom *ret)
{
        if (!is_name(name))
                return KR_EBADARG;
        if (kr_atom_existing(name, strlen(name), ret))
                return KR_OK;
        if (atomic_fetch_add(&new_names, 1) < COUNTERS_NAMES_MAX)
                return kr_atom_from(name, strlen(name), ret);
        atomic_fetch_sub(&new_names, 1);
        return KR_ESYSTEMLIMIT;
}

static bool is_known(const char *name, kr_atom *ret)
{
        return is_name(name) && kr_atom_existing(name, strlen(name), ret);
}

/* -- what others call -- */

kr_started counters_start(kr_term args, kr_msg *more)
{
        kr_term name = kr_hd(args), init = kr_hd(kr_tl(args));
        kr_start_opts opts = { .ret_reason = more };
        kr_atom atom;

        say("counters:start(~,~)", name, init);
        if (kr_get_atom(name, &atom))
                opts.name = kr_atom_text(atom, NULL);
        return kr_start_link(&counters, &opts, "~", args);
}

kr_err counters_tick(const char *name, kr_term n)
{
        int64_t number;
        kr_atom atom;

        if (!kr_get_int64(n, &number))
                return KR_EBADARG;
        if (!is_known(name, &atom))
                return KR_OK; /* dropped, as for any name that nobody has */
        say("counters:tick(~,~)", atom, n);
        kr_cast(atom, "{tick, ~}", number);
        return KR_OK;
}

kr_term counters_read(const char *name, kr_msg *answer)
{
        kr_atom atom;

        if (!is_known(name, &atom))
                kr_exit("{noproc, {gen_server, call, [~, read]}}", name);
        say("counters:read(~)", atom);
        return kr_call(atom, answer, "read");
}

/* -- callbacks -- */

static kr_next init(struct counter *c, kr_term args)
{
        kr_term name, first;

        if (!kr_match(args, "[~, ~]", &name, &first))
                return kr_stop("badarg");
        say("counters:init(~,~)", name, first);
        kr_trap_exit(true);
        c->value = kr_to_int64(first);
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
        say("counters:handle_info(~,~)", info, c->value);
        return kr_noreply();
}

static void terminate(struct counter *c, kr_term reason)
{
        say("counters:terminate(~,~)", reason, c->value);
}

KR_GEN_SERVER(counters, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              .terminate = terminate);
