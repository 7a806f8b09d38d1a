/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_gen_server.c: module gen_server, the side of those who call. */
#include "builtin.h"

static kr_term do_call(kr_term args)
{
        int64_t timeout_ms = KRI_CALL_DEFAULT;
        kr_msg slot = KR_MSG_INIT;
        kr_server server;
        kr_term reply;

        if (!kri_builtin_server(kr_element(1, args), &server) ||
            (kr_tuple_size(args) == 3 &&
             !kri_builtin_timeout(kr_element(3, args), &timeout_ms)))
                return kr_no_clause();
        reply = kr_keep(
                kr_call_timeout(server, &slot, timeout_ms, "~", kr_element(2, args)));
        kr_msg_clear(&slot);
        return reply;
}

static kr_term do_cast(kr_term args)
{
        kr_server server;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        kr_cast(server, "~", kr_element(2, args));
        return kri_ok();
}

static kr_term do_reply(kr_term args)
{
        kr_from from;

        if (!kr_get_from(kr_element(1, args), &from))
                return kr_no_clause();
        kr_reply_to(from, "~", kr_element(2, args));
        return kri_ok();
}

static kr_term do_stop(kr_term args)
{
        int64_t timeout_ms = KR_INFINITY;
        kr_server server;

        if (!kri_builtin_server(kr_element(1, args), &server) ||
            (kr_tuple_size(args) == 3 &&
             !kri_builtin_timeout(kr_element(3, args), &timeout_ms)))
                return kr_no_clause();
        return kri_builtin_result(
                kr_tuple_size(args) == 1
                        ? kr_stop_normal(server)
                        : kr_stop_server(server, timeout_ms, "~", kr_element(2, args)));
}

static const kr_export exports[] = {
        { "call", 2, do_call, "(Server, Request) ask, and wait for the reply" },
        { "call", 3, do_call, "(Server, Request, Timeout)" },
        { "cast", 2, do_cast, "(Server, Message) send, and go on" },
        { "reply", 2, do_reply, "(From, Reply)" },
        { "stop", 1, do_stop, "(Server) have it end" },
        { "stop", 3, do_stop, "(Server, Reason, Timeout)" },
};

KR_MODULE(gen_server, .version = KR_VERSION, KR_EXPORTS(exports));
