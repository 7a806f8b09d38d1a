/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_sys.c: module sys. */
#include "builtin.h"

#include <krarup/sys.h>

#include <string.h>

/* {Server} or {Server, Timeout}. */
static bool get_server(kr_term args, kr_server *server, int64_t *timeout_ms)
{
        *timeout_ms = KRI_CALL_DEFAULT;
        return kri_builtin_server(kr_element(1, args), server) &&
               (kr_tuple_size(args) == 1 ||
                kri_builtin_timeout(kr_element(2, args), timeout_ms));
}

static kr_term do_suspend(kr_term args)
{
        int64_t timeout_ms;
        kr_server server;

        if (!get_server(args, &server, &timeout_ms))
                return kr_no_clause();
        return kri_builtin_result(kr_sys_suspend_timeout(server, timeout_ms));
}

static kr_term do_resume(kr_term args)
{
        int64_t timeout_ms;
        kr_server server;

        if (!get_server(args, &server, &timeout_ms))
                return kr_no_clause();
        return kri_builtin_result(kr_sys_resume_timeout(server, timeout_ms));
}

static kr_term do_get_state(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t timeout_ms;
        kr_server server;
        kr_term state;

        if (!get_server(args, &server, &timeout_ms))
                return kr_no_clause();
        state = kr_keep(kr_sys_get_state_timeout(server, &slot, timeout_ms));
        kr_msg_clear(&slot);
        return state;
}

static kr_term do_get_status(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t timeout_ms;
        kr_server server;
        kr_term status;

        if (!get_server(args, &server, &timeout_ms))
                return kr_no_clause();
        status = kr_keep(kr_sys_get_status_timeout(server, &slot, timeout_ms));
        kr_msg_clear(&slot);
        return status;
}

/* In C a state is replaced by a term, as there are no funs to type. */
static kr_term do_replace_state(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_server server;
        kr_term state;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        state = kr_keep(kr_sys_replace_state(server, &slot, "~", kr_element(2, args)));
        kr_msg_clear(&slot);
        return state;
}

static kr_term do_terminate(kr_term args)
{
        kr_server server;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        return kri_builtin_result(kr_sys_terminate(server, "~", kr_element(2, args)));
}

static kr_term do_trace(kr_term args)
{
        kr_server server;
        bool on;

        if (!kri_builtin_server(kr_element(1, args), &server) ||
            !kr_get_bool(kr_element(2, args), &on))
                return kr_no_clause();
        return kri_builtin_result(kr_sys_trace(server, on));
}

static kr_term log_get(kr_server server)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term both = kr_build("{ok, ~}", kr_sys_log_get(server, &slot));

        kr_msg_clear(&slot);
        return both;
}

static kr_term do_log(kr_term args)
{
        kr_term what = kr_element(2, args);
        kr_server server;
        uint32_t count;
        bool on;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        if (kr_is_that_atom(what, KR_ATOM("get")))
                return log_get(server);
        if (kr_is_that_atom(what, KR_ATOM("print")))
                return kri_builtin_result(kr_sys_log_print(server));
        if (kr_match(what, "{true, ~}", &count))
                return kri_builtin_result(kr_sys_log(server, count));
        if (kr_get_bool(what, &on))
                return kri_builtin_result(kr_sys_log(server, on ? 10 : 0));
        return kr_no_clause();
}

static kr_term do_statistics(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_server server;
        kr_term both;
        bool on;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        if (kr_get_bool(kr_element(2, args), &on))
                return kri_builtin_result(kr_sys_statistics(server, on));
        if (!kr_is_that_atom(kr_element(2, args), KR_ATOM("get")))
                return kr_no_clause();
        both = kr_build("{ok, ~}", kr_sys_statistics_get(server, &slot));
        kr_msg_clear(&slot);
        return both;
}

static kr_term do_no_debug(kr_term args)
{
        kr_server server;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        return kri_builtin_result(kr_sys_no_debug(server));
}

static kr_term do_change_code(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_server server;
        kr_term answer;

        if (!kri_builtin_server(kr_element(1, args), &server))
                return kr_no_clause();
        answer = kr_keep(kr_sys_change_code(server, &slot, "{~, ~, ~}",
                                            kr_element(2, args), kr_element(3, args),
                                            kr_element(4, args)));
        kr_msg_clear(&slot);
        return answer;
}

static const kr_export exports[] = {
        { "get_state", 1, do_get_state, "(Server) its state" },
        { "get_state", 2, do_get_state, "(Server, Timeout)" },
        { "replace_state", 2, do_replace_state, "(Server, State) give it another state" },
        { "get_status", 1, do_get_status, "(Server) all that it tells of itself" },
        { "get_status", 2, do_get_status, "(Server, Timeout)" },
        { "suspend", 1, do_suspend, "(Server) stop taking messages" },
        { "suspend", 2, do_suspend, "(Server, Timeout)" },
        { "resume", 1, do_resume, "(Server)" },
        { "resume", 2, do_resume, "(Server, Timeout)" },
        { "terminate", 2, do_terminate, "(Server, Reason) have it end in order" },
        { "trace", 2, do_trace, "(Server, Bool) print what happens in it" },
        { "log", 2, do_log, "(Server, true | {true, N} | false | get | print)" },
        { "statistics", 2, do_statistics, "(Server, true | false | get)" },
        { "no_debug", 1, do_no_debug, "(Server) trace, log and statistics off" },
        { "change_code", 4, do_change_code, "(Server, Module, OldVersion, Extra)" },
};

KR_MODULE(sys, .version = KR_VERSION, KR_EXPORTS(exports));
