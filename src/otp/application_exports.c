/* SPDX-License-Identifier: Apache-2.0 */
#include "application_exports.h"

#include <krarup/message.h>
#include <krarup/module.h>

struct call {
        kr_atom module, function;
        kr_term args, result;
};

static void do_call(void *arg)
{
        struct call *call = arg;

        call->result = kr_apply_term(call->module, call->function, call->args);
}

kr_term kri_export_catch(kr_atom module, const char *function, kr_term args)
{
        struct call call = { module, kri_atom_of(function), args, kr_none() };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(do_call, &call, &kind, &raised)) {
                call.result = kind == KR_CLASS_THROW
                                      ? kr_keep(raised.term)
                                      : kr_build("{'EXIT', ~}", raised.term);
                kr_msg_clear(&raised);
        }
        kr_release(args);
        return call.result;
}

bool kri_export_is_undef(kr_term value, kr_atom module, const char *function)
{
        return kr_match(value, "{'EXIT', {undef, [{=, =, _, _} | _]}}", module,
                        kri_atom_of(function));
}
