/* SPDX-License-Identifier: Apache-2.0 */
/* gen: what calls are on the wire, requests, many nodes, global names; scenarios_gen.erl does the
 * same. The servers here are plain processes that speak the protocol by hand. */
#include "scenario.h"

enum { CALL, CAST, STOP, ANY };

/* -- a server by hand -- */

static void answer(kr_from from, kr_term from_term, kr_term request)
{
        kr_term what;
        kr_pid other;
        int64_t ms;

        if (kr_match(request, "{echo, ~}", &what)) {
                kr_reply_to(from, "~", what);
        } else if (kr_match(request, "{late, ~}", &ms)) {
                kr_sleep(ms);
                kr_reply_to(from, "late");
        } else if (kr_match(request, "{exit, ~}", &what)) {
                kr_exit("~", what);
        } else if (kr_match(request, "direct")) {
                kr_term tag = kr_element(2, from_term);

                (void)kr_get_pid(kr_element(1, from_term), &other);
                kr_send(other, "{~, direct}", tag);
        } else if (kr_match(request, "twice")) {
                kr_reply_to(from, "once");
                kr_reply_to(from, "twice");
        }
}

static void serves(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term from_term, request;
        kr_from from;

        for (;;) {
                if (kr_receive(&msg, KR_INFINITY,
                               kr_on(CALL, "{'$gen_call', ~, ~}", &from_term, &request),
                               kr_on(STOP, "stop")) == STOP)
                        return;
                if (kr_get_from(from_term, &from))
                        answer(from, from_term, request);
        }
}

/* -- the wire -- */

static void calls_with(struct to *to)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_timeout(to->pid, &slot, 10000, "{hello, [1, <<\"2\">>]}");
}

static void what_a_call_is(void)
{
        kr_pid caller = kr_spawn(calls_with, &(struct to){ kr_self() });

        known_as(caller, "<caller>");
        say_next("call");
        kr_exit_signal(caller, "kill");
}

static void casts(struct to *to)
{
        kr_cast(to->pid, "{hello, [1, <<\"2\">>]}");
}

static void what_a_cast_is(void)
{
        kr_spawn(casts, &(struct to){ kr_self() });
        say_next("cast");
}

static void sends_request(struct to *to)
{
        (void)kr_send_request(to->pid, "hello");
        waits();
}

static void what_a_request_is(void)
{
        kr_pid sender = kr_spawn(sends_request, &(struct to){ kr_self() });

        known_as(sender, "<sender>");
        say_next("request");
        kr_exit_signal(sender, "kill");
}

static void stops(struct to *to)
{
        (void)kr_stop_server(to->pid, KR_INFINITY, "{some, reason}");
}

static void what_a_stop_is(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term label, what;

        kr_spawn(stops, &(struct to){ kr_self() });
        (void)kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{~, _, ~}", &label, &what));
        say("label", "~", label);
        say("request", "~", what);
        kr_msg_clear(&msg);
}

static void replies_of_all_forms(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_ref ref = kr_make_ref(), alias = kr_alias(false);

        known_as(ref, "#Tag");
        known_as(alias, "#Alias");
        kr_send(pid, "{'$gen_call', {~, ~}, {echo, 1}}", kr_self(), ref);
        say_next("reference");
        kr_send(pid, "{'$gen_call', {~, [alias|~]}, {echo, 2}}", kr_self(), alias);
        say_next("alias");
        kr_send(pid, "{'$gen_call', {~, [[alias|~]|more]}, {echo, 3}}", kr_self(), alias);
        say_next("alias and more");
        kr_send(pid, "{'$gen_call', {~, [any, {tag}]}, {echo, 4}}", kr_self());
        say_next("other");
}

static void a_reply_straight_to_the_pid(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_msg slot = KR_MSG_INIT;

        say("reply", "~", kr_call(pid, &slot, "direct"));
        kr_send(pid, "stop");
        await_end(pid);
        say_mailbox("mailbox");
        kr_msg_clear(&slot);
}

/* -- calls -- */

static kr_pid server_of_call;
static int64_t ms_of_call;
static kr_term request_of_call;

static void call_it(void)
{
        kr_msg slot = KR_MSG_INIT;

        say("reply", "~",
            kr_call_timeout(server_of_call, &slot, ms_of_call, "~", request_of_call));
        kr_msg_clear(&slot);
}

static void say_call(const char *what, kr_pid server, int64_t ms, kr_term request)
{
        server_of_call = server;
        ms_of_call = ms;
        request_of_call = request;
        say_caught(what, call_it);
        kr_release(request);
}

static void calls(void)
{
        kr_pid pid = kr_spawn(serves);

        known_as(pid, "<server>");
        say_call("echo", pid, 10000, kr_build("{echo, [a, {b}]}"));
        say_call("too late", pid, 10, kr_build("{late, 60}"));
        say_call("in time", pid, 10000, kr_build("{echo, again}"));
        say_mailbox("mailbox");
        say_call("exit", pid, 10000, kr_build("{exit, {some, reason}}"));
        say_call("gone", pid, 10000, kr_build("{echo, 1}"));
        say_call("infinity", pid, KR_INFINITY, kr_build("{echo, 1}"));
        say_call("self", kr_self(), 10000, kr_build("{echo, 1}"));
        say_mailbox("mailbox");
}

static void a_normal_end_in_a_call(void)
{
        kr_pid pid = kr_spawn(serves);

        known_as(pid, "<server>");
        say_call("normal", pid, 10000, kr_build("{exit, normal}"));
        pid = kr_spawn(serves);
        known_as(pid, "<server>");
        say_call("shutdown", pid, 10000, kr_build("{exit, shutdown}"));
}

static void calls_far_away(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(kr_at(KR_ATOM("anna"), KR_ATOM("far@away")), &slot, "hello");
}

static void calls_nobody(void)
{
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call_timeout(kr_at(KR_ATOM("anna"), kr_node_name(kr_here())), &slot,
                              1000, "hello");
}

static void calls_no_global(void)
{
        kr_term name = kr_build("{my, name}");
        kr_msg slot = KR_MSG_INIT;

        (void)kr_call(kr_global(name), &slot, "hello");
}

static void calls_of_names(void)
{
        kr_term name = kr_build("{my, name}");

        say_caught("far away", calls_far_away);
        say_caught("here", calls_nobody);
        say_caught("global", calls_no_global);
        kr_cast(kr_at(KR_ATOM("anna"), KR_ATOM("far@away")), "hello");
        kr_cast(kr_global(name), "hello");
        kr_cast("anna", "hello");
        say("casts", "ok");
        kr_release(name);
}

/* -- requests -- */

static kr_term response_term(kr_response response, const kr_msg *slot)
{
        switch (response) {
        case KR_RESPONSE_REPLY:
                return kr_build("{reply, ~}", slot->term);
        case KR_RESPONSE_ERROR:
                return kr_build("{error, ~}", slot->term);
        case KR_RESPONSE_TIMEOUT:
                return kr_build("timeout");
        default:
                return kr_build("none");
        }
}

#define say_response(what, call)                                                         \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_response response = call;                                             \
                                                                                         \
                say_given(what, response_term(response, &slot));                         \
                kr_msg_clear(&slot);                                                     \
        } while (0)

static void requests(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_ref a = kr_send_request(pid, "{echo, 1}"),
               b = kr_send_request(pid, "{late, 50}");
        kr_ref c;

        say_response("first", kr_wait_response(a, 10000, &slot));
        say_response("too early", kr_wait_response(b, 5, &slot));
        say_response("second", kr_wait_response(b, 10000, &slot));
        b = kr_send_request(pid, "{late, 50}");
        say_response("given up", kr_receive_response(b, 5, &slot));
        c = kr_send_request(pid, "{exit, bang}");
        say_response("exit", kr_receive_response(c, 10000, &slot));
        say_response("gone",
                     kr_receive_response(kr_send_request(pid, "x"), 10000, &slot));
        say_response("nobody",
                     kr_receive_response(kr_send_request("nobody", "x"), 0, &slot));
        say_mailbox("mailbox");
}

static void a_second_reply(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_ref a = kr_send_request(pid, "twice");

        say_response("first", kr_receive_response(a, 10000, &slot));
        kr_send(pid, "stop");
        await_end(pid);
}

static void collections(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_reqids ids = KR_REQIDS_INIT;

        say("size", "~", (int64_t)kr_reqids_size(&ids));
        for (int i = 1; i <= 30; i++)
                kr_reqids_add(&ids, kr_send_request(pid, "{echo, ~}", i),
                              kr_int(100 + i));
        kr_reqids_add(&ids, kr_send_request(pid, "{exit, bang}"), kr_int(200));
        say("size", "~", (int64_t)kr_reqids_size(&ids));
        while (kr_reqids_size(&ids) > 0) {
                kr_msg slot = KR_MSG_INIT;
                kr_term label = kr_none(), t;
                kr_response response =
                        kr_wait_any(&ids, 10000, true, &slot, NULL, &label);

                t = response_term(response, &slot);
                say("answer", "{~, ~}", t, label);
                kr_release(t);
                kr_release(label);
                kr_msg_clear(&slot);
        }
        say_response("no more", kr_wait_any(&ids, 10000, true, &slot, NULL, NULL));
        say_mailbox("mailbox");
        kr_reqids_clear(&ids);
}

static void a_collection_given_up(void)
{
        kr_pid pid = kr_spawn(serves);
        kr_reqids ids = KR_REQIDS_INIT;

        kr_reqids_add(&ids, kr_send_request(pid, "{late, 50}"), kr_int(1));
        kr_reqids_add(&ids, kr_send_request(pid, "{echo, 2}"), kr_int(2));
        say_response("wait", kr_wait_any(&ids, 5, true, &slot, NULL, NULL));
        say_response("receive", kr_receive_any(&ids, 5, true, &slot, NULL, NULL));
        say("size", "~", (int64_t)kr_reqids_size(&ids));
        kr_send(pid, "stop");
        await_end(pid);
        say_mailbox("mailbox");
        kr_reqids_clear(&ids);
}

static kr_reqids twice;

static void adds_twice(void)
{
        kr_ref ref = kr_make_ref();

        kr_reqids_add(&twice, ref, kr_int(1));
        kr_reqids_add(&twice, ref, kr_int(1));
}

static void a_request_twice(void)
{
        twice = (kr_reqids)KR_REQIDS_INIT;
        say_caught("add", adds_twice);
}

/* -- many -- */

static void named(kr_atom *name)
{
        kr_register(*name, kr_self());
        serves();
}

static void many_nodes(void)
{
        kr_atom here = kr_node_name(kr_here()), far = KR_ATOM("far@away");
        kr_atom nodes[] = { far, here }, name = KR_ATOM("anna");
        kr_pid pid = kr_spawn(named, &name);

        await_waiting(pid);
        say_given("all", kr_multi_call(nodes, 2, name, 10000, "{echo, 1}"));
        say_given("too late", kr_multi_call(nodes + 1, 1, name, 10, "{late, 60}"));
        say_given("nobody", kr_multi_call(nodes + 1, 1, KR_ATOM("nobody"), 10, "x"));
        kr_register("bert", kr_self());
        kr_abcast(nodes, 2, KR_ATOM("bert"), "{hello, 1}");
        say_next("cast");
        kr_send(pid, "stop");
        await_end(pid);
        say_mailbox("mailbox");
}

/* -- global -- */

static void global_names(void)
{
        kr_term name = kr_build("{my, name}"), other = kr_build("{other, name}");
        kr_pid pid = new_waiting();

        known_as(pid, "<child>");
        say("register", "~", kr_global_register_name(name, pid));
        say("again", "~", kr_global_register_name(name, kr_self()));
        say("two names", "~", kr_global_register_name(other, pid));
        say("whereis", "~", kr_global_whereis_name(name));
        kr_exit_signal(pid, "kill");
        await_end(pid);
        say("gone", "~", kr_pid_is_none(kr_global_whereis_name(name)));
        say("free", "~", kr_global_register_name(name, kr_self()));
        say("send", "~", kr_global_send(name, "{hello, 1}"));
        say_next("message");
        kr_global_unregister_name(name);
        say("gone", "~", kr_pid_is_none(kr_global_whereis_name(name)));
        kr_release(name);
        kr_release(other);
}

static void sends_to_nobody(void)
{
        (void)kr_global_send(kr_int(7), "hello");
}

static void global_nobody(void)
{
        say_caught("send", sends_to_nobody);
}

SCENARIOS(SCENARIO(what_a_call_is), SCENARIO(what_a_cast_is), SCENARIO(what_a_request_is),
          SCENARIO(what_a_stop_is), SCENARIO(replies_of_all_forms),
          SCENARIO(a_reply_straight_to_the_pid), SCENARIO(calls),
          SCENARIO(a_normal_end_in_a_call), SCENARIO(calls_of_names), SCENARIO(requests),
          SCENARIO(a_second_reply), SCENARIO(collections),
          SCENARIO(a_collection_given_up), SCENARIO(a_request_twice),
          SCENARIO(many_nodes), SCENARIO(global_names), SCENARIO(global_nobody))
