/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_supervisor.c: module supervisor, the side of those who ask. */
#include "builtin.h"

#include <krarup/supervisor.h>

#define REQUEST_MS KR_INFINITY

/* Supervisors are gen_servers, and their requests are OTP's. */
static kr_term ask(kr_term server_term, kr_term request)
{
        kr_msg slot = KR_MSG_INIT;
        kr_server server;
        kr_term answer;

        if (!kri_builtin_server(server_term, &server)) {
                kr_release(request);
                return kr_no_clause();
        }
        answer = kr_keep(kr_call_timeout(server, &slot, REQUEST_MS, "~", request));
        kr_msg_clear(&slot);
        kr_release(request);
        return answer;
}

static kr_term do_which_children(kr_term args)
{
        return ask(kr_element(1, args), kr_build("which_children"));
}

static kr_term do_count_children(kr_term args)
{
        return ask(kr_element(1, args), kr_build("count_children"));
}

static kr_term do_start_child(kr_term args)
{
        return ask(kr_element(1, args),
                   kr_build("{start_child, ~}", kr_element(2, args)));
}

static kr_term do_restart_child(kr_term args)
{
        return ask(kr_element(1, args),
                   kr_build("{restart_child, ~}", kr_element(2, args)));
}

static kr_term do_terminate_child(kr_term args)
{
        return ask(kr_element(1, args),
                   kr_build("{terminate_child, ~}", kr_element(2, args)));
}

static kr_term do_delete_child(kr_term args)
{
        return ask(kr_element(1, args),
                   kr_build("{delete_child, ~}", kr_element(2, args)));
}

static kr_term do_get_childspec(kr_term args)
{
        return ask(kr_element(1, args),
                   kr_build("{get_childspec, ~}", kr_element(2, args)));
}

static const kr_export exports[] = {
        { "which_children", 1, do_which_children, "(Sup) [{Id, Pid, Type, Modules}]" },
        { "count_children", 1, do_count_children, "(Sup)" },
        { "start_child", 2, do_start_child, "(Sup, Spec | Args)" },
        { "restart_child", 2, do_restart_child, "(Sup, Id)" },
        { "terminate_child", 2, do_terminate_child, "(Sup, Id | Pid)" },
        { "delete_child", 2, do_delete_child, "(Sup, Id)" },
        { "get_childspec", 2, do_get_childspec, "(Sup, Id | Pid)" },
};

KR_MODULE(supervisor, .version = KR_VERSION, KR_EXPORTS(exports));
