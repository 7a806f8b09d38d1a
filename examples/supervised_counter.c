/* SPDX-License-Identifier: Apache-2.0 */
/* supervised_counter.c: a whole program: a counter that is a server, supervised, in an application
 * that SIGTERM stops in order. Run it, and press Ctrl-C. */
#include <krarup.h>

struct counter {
        int64_t value;
};

static kr_next init(struct counter *c, kr_term args)
{
        return kr_match(args, "[~]", &c->value) ? kr_ok() : kr_stop("badarg");
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
        int64_t n;

        if (!kr_match(message, "{tick, ~}", &n))
                return kr_stop("{bad_cast, ~}", message);
        c->value = kr_add(c->value, n);
        return kr_noreply();
}

KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast);

static const kr_child children[] = {
        { .id = "counter", .start = KR_START(counter), .args = "[0]", .name = "counter" },
};
KR_SUPERVISOR(counter_sup, .intensity = 10, .period_s = 3600, KR_CHILDREN(children));

static kr_started start(kr_app *app, kr_msg *more)
{
        kr_started sup =
                kr_start_link(&counter_sup, &(kr_start_opts){ .ret_reason = more }, "[]");
        kr_msg reply = KR_MSG_INIT;

        (void)app;
        kr_cast("counter", "{tick, ~}", 3);
        kr_io_print("{counter, ~}", kr_call("counter", &reply, "read"));
        kr_msg_clear(&reply);
        return sup;
}
KR_APPLICATION(counter_app, .start = start);

int main(int argc, char **argv)
{
        return kr_main(argc, argv, &counter_app);
}
