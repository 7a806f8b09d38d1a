/* SPDX-License-Identifier: Apache-2.0 */
/* counter_gen_server: the counter of gen_server/ as a module; counter_gen_server.erl says it in
 * Erlang. VERSION 2 can be reset. VERSION 3 also counts how often, so that its state has
 * another layout, and its code_change has a bug. */
#include <krarup.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

struct counter {
        int64_t value;
#if VERSION >= 3
        int64_t resets;
#endif
};

/* The state's version: where it is the same, so is the state, and a counter goes over to the
 * module's new version by itself. */
#if VERSION >= 3
KR_FIELDS(counter_fields, struct counter, value, resets);
#define STATE_VERSION "2"
#else
KR_FIELDS(counter_fields, struct counter, value);
#define STATE_VERSION "1"
#endif

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
#if VERSION >= 2
        if (kr_match(message, "reset")) {
                c->value = 0;
                return kr_noreply();
        }
#endif
        kr_error("function_clause");
}

static kr_next handle_info(struct counter *c, kr_term info)
{
        (void)c;
        (void)info;
        return kr_noreply();
}

#if VERSION >= 3
/* Goes through NULL, as such things do. */
static kr_next code_change(struct counter *c, kr_term old_version, kr_term extra)
{
        struct counter *volatile former = NULL;

        (void)old_version;
        (void)extra;
        c->value = former->value;
        return kr_ok();
}
#define CODE_CHANGE .code_change = code_change,
#else
#define CODE_CHANGE
#endif

KR_GEN_SERVER(counter_server, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info,
              CODE_CHANGE.fields = counter_fields, .version = STATE_VERSION);

/* -- what others call -- */

KR_FUNCTION(start)
{
        kr_started started = kr_start(&counter_server,
                                      KR_START_OPTS(.name = "counter_gen_server"), "0");

        return started.err == KR_OK
                       ? kr_build("{ok, ~}", started.pid)
                       : kr_build("{error, {already_started, ~}}", started.pid);
}

KR_FUNCTION(stop)
{
        kr_cast("counter_gen_server", "stop");
        return kr_build("ok");
}

KR_FUNCTION(tick, kr_term, n)
{
        kr_cast("counter_gen_server", "{tick, ~}", n);
        return kr_build("ok");
}

KR_FUNCTION(read)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term value = kr_keep(kr_call("counter_gen_server", &answer, "read"));

        kr_msg_clear(&answer);
        return value;
}

#if VERSION >= 2
KR_FUNCTION(reset)
{
        kr_cast("counter_gen_server", "reset");
        return kr_build("ok");
}
#endif

static const kr_export exports[] = {
        KR_EXPORT(start), KR_EXPORT(stop), KR_EXPORT(tick), KR_EXPORT(read),
#if VERSION >= 2
        KR_EXPORT(reset),
#endif
};
static const kr_behaviour *const behaviours[] = { &counter_server };

KR_MODULE(counter_gen_server, .version = TEXT(VERSION), KR_EXPORTS(exports),
          KR_BEHAVIOURS(behaviours));
