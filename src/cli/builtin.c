/* SPDX-License-Identifier: Apache-2.0 */
#include "builtin.h"

#include <string.h>

const kr_module *const kri_builtin_modules[] = {
        &application_module, &c_module,     &code_module,    &erlang_module,
        &gen_server_module,  &lists_module, &logger_module,  &supervisor_module,
        &sys_module,         &timer_module, &upgrade_module, NULL
};

kr_err kri_builtin_add(kr_node *node)
{
        for (size_t i = 0; kri_builtin_modules[i] != NULL; i++) {
                kr_err err = kr_module_add(node, kri_builtin_modules[i]);

                if (err != KR_OK)
                        return err;
        }
        return KR_OK;
}

const kr_export *kri_builtin_find(const kr_module *module, const char *name, int arity)
{
        for (size_t i = 0; i < module->export_count; i++) {
                const kr_export *e = &module->exports[i];

                if (strcmp(e->name, name) == 0 && (arity < 0 || e->arity == arity))
                        return e;
        }
        return NULL;
}

kr_term kri_builtin_list_of(kr_term tuple)
{
        kr_builder b = KR_BUILDER_INIT;

        for (size_t i = 1; i <= kr_tuple_size(tuple); i++)
                kr_add_term(&b, kr_element(i, tuple));
        return kr_build_list(&b);
}

void kri_builtin_badarg(const char *module, const char *function, kr_term args)
{
        kr_term list = kri_builtin_list_of(args);
        kr_term reason = kr_build("{badarg, [{~, ~, ~, []}]}", kri_atom_of(module),
                                  kri_atom_of(function), list);

        kr_release(list);
        kr_raise_given(KR_CLASS_ERROR, reason);
}

kr_term kri_builtin_taken(kr_msg *slot)
{
        kr_term kept = kr_keep(slot->term);

        kr_msg_clear(slot);
        return kept;
}

bool kri_builtin_server(kr_term t, kr_server *ret)
{
        kr_term name;
        kr_atom atom, node;
        kr_pid pid;

        if (kr_get_pid(t, &pid))
                *ret = kri_server_pid(pid);
        else if (kr_get_atom(t, &atom))
                *ret = kri_server_atom(atom);
        else if (kr_match(t, "{global, ~}", &name))
                *ret = kr_global(name);
        else if (kr_match(t, "{~, ~}", &atom, &node))
                *ret = kr_at(atom, node);
        else
                return false;
        return true;
}

bool kri_builtin_timeout(kr_term t, int64_t *ret)
{
        if (kr_is_that_atom(t, KR_ATOM("infinity"))) {
                *ret = KR_INFINITY;
                return true;
        }
        return kr_get_int64(t, ret) && *ret >= 0 && *ret <= UINT32_MAX;
}

kr_term kri_builtin_result(kr_err err)
{
        return err == KR_OK ? kri_ok()
                            : kr_build("{error, ~}", kri_atom_of(kr_err_name(err)));
}
