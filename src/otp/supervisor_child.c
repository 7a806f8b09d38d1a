/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_child.c: a child spec of C's as the term that OTP has for it; whatever is wrong with
 * it is found there (supervisor_spec.c). */
#include "supervisor.h"

#include <krarup/text.h>

#include <string.h>

#define ATOM(text) kr_atom_term(KR_ATOM(text))

#define RESTARTS 3
#define TYPES 3

static kr_err parse(const char *text, kr_term *ret)
{
        return kr_parse(text, strlen(text), NULL, ret, NULL);
}

static kr_err add_start(kr_builder *b, kr_node *node, const kr_child *child, kr_term args)
{
        const struct kri_start *how;
        kr_term parsed = kr_nil();
        kr_err err;

        err = kri_start_know(node, &child->start, child->opts, &how);
        if (err != KR_OK)
                return err;
        if (kr_is_none(args) && child->args_term != NULL)
                args = *child->args_term;
        if (kr_is_none(args) && child->args != NULL)
                err = parse(child->args, &parsed);
        if (err != KR_OK)
                return err;
        kri_add_own(b, "start",
                    kr_build("{~, ~, ~}", how->module, how->function,
                             kr_is_none(args) ? parsed : args));
        kri_add_own(b, "start_id", kr_build("~", how->id));
        kr_release(parsed);
        return KR_OK;
}

static kr_term shutdown_of(int64_t shutdown_ms)
{
        switch (shutdown_ms) {
        case KR_INFINITY:
                return ATOM("infinity");
        case KR_SHUTDOWN_BRUTAL_KILL:
                return ATOM("brutal_kill");
        case KR_SHUTDOWN_NOW:
                return kr_int(0);
        default:
                return kr_build("~", shutdown_ms);
        }
}

static bool starts_supervisor(const kr_child *child)
{
        return child->start.behaviour != NULL &&
               child->start.behaviour->kind == &kr_supervisor_kind;
}

/* An enum as its atom; what is no value of it as the number, for the check to name. */
static kr_term enum_term(unsigned value, const char *const *names, size_t count)
{
        return value < count ? kr_atom_term(kri_atom_of(names[value]))
                             : kr_build("~", (int)value);
}

static void add_options(kr_builder *b, const kr_child *child)
{
        kr_child_type type = child->type;

        if (type == KR_CHILD_DEFAULT)
                type = starts_supervisor(child) ? KR_CHILD_SUPERVISOR : KR_CHILD_WORKER;
        kri_add_own(b, "restart", enum_term(child->restart, kri_restart_names, RESTARTS));
        kri_add_own(b, "type", enum_term(type, kri_child_type_names, TYPES));
        if (child->significant)
                kri_add_pair(b, "significant", ATOM("true"));
        if (child->shutdown_ms != 0)
                kri_add_own(b, "shutdown", shutdown_of(child->shutdown_ms));
        if (child->name != NULL)
                kri_add_own(b, "name", kr_atom_term(kri_atom_of(child->name)));
        if (child->budget.intensity != 0 || child->budget.period_s != 0 ||
            child->budget.gives_up)
                kri_add_own(b, "budget",
                            kr_build("{~, ~, ~}", child->budget.intensity,
                                     child->budget.period_s, child->budget.gives_up));
        if (child->budget.backoff_ms != 0 || child->budget.backoff_max_ms != 0)
                kri_add_own(b, "backoff",
                            kr_build("{~, ~}", child->budget.backoff_ms,
                                     child->budget.backoff_max_ms));
}

static kr_err add_fields(kr_builder *b, kr_node *node, const kr_child *child,
                         kr_term args)
{
        const kr_child_start *s = &child->start;
        kr_term modules;
        kr_err err;

        if (child->id_term != NULL)
                kri_add_pair(b, "id", *child->id_term);
        else if (child->id != NULL)
                kri_add_pair(b, "id", kr_atom_term(kri_atom_of(child->id)));
        if (s->behaviour != NULL || s->start != NULL || s->run != NULL ||
            s->proc != NULL) {
                err = add_start(b, node, child, args);
                if (err != KR_OK)
                        return err;
        }
        if (child->modules != NULL) {
                err = parse(child->modules, &modules);
                if (err != KR_OK)
                        return err;
                kri_add_own(b, "modules", modules);
        }
        add_options(b, child);
        return KR_OK;
}

kr_term kri_spec_of(kr_node *node, const kr_child *child, kr_term args, kr_err *ret_err)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term spec = kr_none();
        kr_err err;

        err = add_fields(&b, node, child, args);
        if (err == KR_OK) {
                spec = kr_build_map(&b);
                if (kr_is_none(spec))
                        err = KR_ENOMEM;
        }
        kr_builder_clear(&b);
        *ret_err = err;
        return spec;
}

/* A spec that does not become a term: text that is none, a start that is none. */
kr_term kri_spec_bad(const kr_child *child, kr_err err)
{
        return kr_build("{invalid_child_spec, {~, ~}}",
                        kri_atom_of(child->id != NULL ? child->id : "undefined"),
                        kri_atom_of(kr_err_name(err)));
}

/* -- checking -- */

static kr_err fail(kr_term error, kr_term *ret_error)
{
        if (kr_is_that_atom(error, KR_ATOM("enomem")))
                return KR_ENOMEM;
        if (ret_error != NULL)
                *ret_error = error;
        else
                kr_release(error);
        return KR_EFAILED;
}

kr_err kr_supervisor_check(const kr_child *children, size_t count,
                           kr_auto_shutdown auto_shutdown, kr_term *ret_error)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term specs, error;
        kr_err err;

        for (size_t i = 0; i < count; i++) {
                kr_term spec = kri_spec_of(kr_here(), &children[i], kr_none(), &err);

                if (err != KR_OK) {
                        kr_builder_clear(&b);
                        return err == KR_ENOMEM
                                       ? err
                                       : fail(kri_spec_bad(&children[i], err), ret_error);
                }
                kr_add_term(&b, spec);
                kr_release(spec);
        }
        specs = kr_build_list(&b);
        error = kr_is_none(specs) ? ATOM("enomem")
                                  : kri_specs_error(specs, auto_shutdown);
        kr_release(specs);
        return kr_is_none(error) ? KR_OK : fail(error, ret_error);
}
