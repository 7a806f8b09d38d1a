/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_client.c: asking a supervisor, from another process. */
#include "supervisor.h"

/* {Reason, {gen_server, call, [Server, Request, infinity]}}, as OTP's. */
#define ask(server, slot, ...) kr_call_timeout(server, slot, KR_INFINITY, __VA_ARGS__)

/* -- what answers mean -- */

static kr_err err_of(kr_term answer)
{
        kr_term reason;

        if (kr_match(answer, "ok") || kr_match(answer, "{ok, _}") ||
            kr_match(answer, "{ok, _, _}"))
                return KR_OK;
        if (kr_is_none(answer))
                return KR_EBADARG; /* no process asked */
        if (!kr_match(answer, "{error, ~}", &reason))
                return KR_EFAILED;
        if (kr_match(reason, "not_found"))
                return KR_ENOPROC;
        if (kr_match(reason, "running") || kr_match(reason, "already_present") ||
            kr_match(reason, "{already_started, _}"))
                return KR_EALREADY;
        if (kr_match(reason, "restarting"))
                return KR_ESTATE;
        if (kr_match(reason, "simple_one_for_one"))
                return KR_EBADARG;
        return KR_EFAILED;
}

static kr_started started_of(kr_term answer)
{
        kr_started started = { .err = KR_OK };

        if (kr_match(answer, "{ok, ~}", &started.pid) ||
            kr_match(answer, "{ok, ~, _}", &started.pid))
                return started;
        (void)kr_match(answer, "{error, {already_started, ~}}", &started.pid);
        started.err = err_of(answer);
        return started;
}

/* -- start_child -- */

static kr_started start_spec(kr_server server, kr_msg *slot, const kr_child *child,
                             kr_term args)
{
        kr_started failed = { .err = KR_OK };
        kr_started started;
        kr_term spec;

        if (kr_here() == NULL)
                return (kr_started){ .err = KR_EBADARG };
        spec = kri_spec_of(kr_here(), child, args, &failed.err);
        if (failed.err != KR_OK)
                return failed;
        started = started_of(ask(server, slot, "{start_child, ~}", spec));
        kr_release(spec);
        return started;
}

kr_started kri_supervisor_start_child(kr_server server, kr_msg *slot,
                                      const kr_child *child)
{
        return start_spec(server, slot, child, kr_none());
}

kr_started kri_supervisor_start_child_with(kr_server server, kr_msg *slot,
                                           const kr_child *child, struct kri_site *site,
                                           const union kri_arg *args)
{
        kr_term list = kri_build(site, args);
        kr_started started = { .err = KR_ENOMEM };

        if (!kr_is_none(list))
                started = start_spec(server, slot, child, list);
        kr_release(list);
        return started;
}

kr_started kri_supervisor_start_another(kr_server server, kr_msg *slot,
                                        struct kri_site *site, const union kri_arg *args)
{
        kr_term list = kri_build(site, args);
        kr_started started = { .err = KR_ENOMEM };

        if (!kr_is_none(list))
                started = started_of(ask(server, slot, "{start_child, ~}", list));
        kr_release(list);
        return started;
}

/* -- the others -- */

kr_err kri_supervisor_do(kr_server server, struct kri_site *site,
                         const union kri_arg *args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err = err_of(kri_call_server(server, &slot, KR_INFINITY, site, args));

        kr_msg_clear(&slot);
        return err;
}

kr_started kri_supervisor_restart_child(kr_server server, kr_msg *slot,
                                        struct kri_site *site, const union kri_arg *args)
{
        return started_of(kri_call_server(server, slot, KR_INFINITY, site, args));
}

kr_term kri_supervisor_which_children(kr_server server, kr_msg *slot)
{
        return ask(server, slot, "which_children");
}

kr_child_counts kri_supervisor_count_children(kr_server server)
{
        kr_child_counts counts = { 0, 0, 0, 0 };
        kr_msg slot = KR_MSG_INIT;

        (void)kr_match(ask(server, &slot, "count_children"),
                       "[{specs, ~}, {active, ~}, {supervisors, ~}, {workers, ~}]",
                       &counts.specs, &counts.active, &counts.supervisors,
                       &counts.workers);
        kr_msg_clear(&slot);
        return counts;
}

kr_err kri_supervisor_get_childspec(kr_server server, kr_msg *slot, struct kri_site *site,
                                    const union kri_arg *args)
{
        kr_term answer = kri_call_server(server, slot, KR_INFINITY, site, args);

        return err_of(answer);
}

kr_atom kri_supervisor_get_callback_module(kr_server server)
{
        kr_term misc = kr_nil(), found;
        kr_msg slot = KR_MSG_INIT;
        kr_atom module = { 0 };

        (void)kr_match(kri_sys_get_status(server, &slot, KRI_CALL_DEFAULT),
                       "{status, _, _, [_, _, _, _, ~]}", &misc);
        for (; kr_is_cons(misc); misc = kr_tl(misc))
                if (kr_match(kr_hd(misc), "{supervisor, ~}", &found))
                        (void)kr_match(found, "[{\"Callback\", ~}]", &module);
        kr_msg_clear(&slot);
        return module;
}
