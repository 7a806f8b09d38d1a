/* SPDX-License-Identifier: Apache-2.0 */
/* module_call.c: functions and loops that are called by name. */
#include "module.h"

#include <string.h>

#include "term/atom.h"
#include "term/pattern.h"

#include "node.h"
#include "receive.h"
#include "thread.h"

/* -- finding -- */

static const struct kri_function *function_of(const struct kri_version *v, uint32_t name,
                                              int arity)
{
        for (uint32_t i = 0; i < v->function_count; i++)
                if (v->functions[i].name == name && v->functions[i].arity == arity)
                        return &v->functions[i];
        return NULL;
}

static struct kri_version *current_of(const struct kr_node *node, kr_atom module)
{
        struct kri_module_name *name = kri_module_named(node, module.index);

        return name != NULL ? atomic_load_explicit(&name->current, memory_order_acquire)
                            : NULL;
}

/* The version to be called. An attached thread takes part in no round of signals: while it
 * calls, the version counts it. */
static struct kri_version *version_for(struct kri_proc *p, kr_atom module)
{
        struct kri_version *v;

        if (!kri_has(p, KRI_P_THREAD))
                return current_of(p->node, module);
        kri_modules_lock(p->node, true);
        v = current_of(p->node, module);
        if (v != NULL)
                atomic_fetch_add(&v->users, 1);
        kri_modules_lock(p->node, false);
        return v;
}

static void done_with(struct kri_proc *p, struct kri_version *v)
{
        if (v != NULL && kri_has(p, KRI_P_THREAD))
                atomic_fetch_sub(&v->users, 1);
}

/* The same, loaded if it is not there. p is inside, and is afterwards. */
static struct kri_version *version_or_load(struct kri_proc *p, kr_atom module)
{
        struct kri_version *v = version_for(p, module);
        bool loaded;

        if (v != NULL)
                return v;
        kri_leave(p);
        loaded = kri_module_ask(p->node, module.index);
        (void)kri_enter();
        return loaded ? version_for(p, module) : NULL;
}

bool kri_function_exported(kr_atom module, kr_atom function, int arity)
{
        struct kri_proc *p = kri_current();
        struct kri_version *v = p != NULL ? current_of(p->node, module) : NULL;

        return v != NULL && function_of(v, function.index, arity) != NULL;
}

/* -- errors -- */

/* {Error, [{Module, Function, Args, []}]}, as Erlang raises it: the trace is a call that was
 * not made. May return, on a thread. */
static void raise_about(struct kri_proc *p, const char *error, kr_atom module,
                        kr_atom function, kr_term args)
{
        kr_builder list = KR_BUILDER_INIT;
        kr_term as_list, reason;
        kr_atom kind;

        if (kri_has(p, KRI_P_THREAD))
                return;
        for (size_t i = 1; kr_is_tuple(args) && i <= kr_tuple_size(args); i++)
                kr_add_term(&list, kr_element(i, args));
        as_list = kr_is_tuple(args) ? kr_build_list(&list) : kr_keep(args);
        if (kri_atom_make(error, strlen(error), &kind.index) != KR_OK)
                kind.index = KRI_A_error;
        reason = kr_build("{~, [{~, ~, ~, []}]}", kind, module, function, as_list);
        kr_release(as_list);
        kr_raise_given(KR_CLASS_ERROR, reason);
}

/* -- calling -- */

/* What is called, with its arguments in a slot of the caller's frame: however that is left, they
 * are released. */
struct call {
        kr_atom module, function;
        kr_msg args;
};

/* A list as a tuple. False: it is neither, or no memory. */
static bool make_tuple(struct kri_proc *p, kr_msg *args)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term tuple;
        struct kri_sig *sig;
        size_t length;

        if (kr_is_tuple(args->term))
                return true;
        if (!kr_length(args->term, &length) || length > 255)
                return false;
        for (kr_term l = args->term; kr_is_cons(l); l = kr_tl(l))
                kr_add_term(&b, kr_hd(l));
        tuple = kr_build_tuple(&b);
        sig = kr_is_none(tuple) ? NULL : kri_sig_message(&p->sched->pool, tuple.w);
        kr_release(tuple);
        if (sig != NULL)
                kri_slot_fill(p, args, sig);
        return sig != NULL;
}

static bool wants_info(const struct call *call, size_t arity)
{
        return arity <= 1 && kr_atom_eq(call->function, KR_ATOM("module_info"));
}

/* Module:module_info(), Module:module_info(Key). */
static kr_term info_of(const struct call *call, size_t arity)
{
        kr_msg info = KR_MSG_INIT;
        kr_term value = kr_none(), kept;

        if (!kri_module_info(call->module, false, &info))
                return kr_none();
        if (arity == 0)
                value = info.term;
        else if (!kr_map_get(info.term, kr_element(1, call->args.term), &value))
                value = kr_atom_term(KR_ATOM("undefined"));
        kept = kr_keep(value);
        kr_msg_clear(&info);
        return kept;
}

/* What an export gave. May not return. */
static kr_term judge(struct kri_proc *p, const struct call *call, kr_term result)
{
        if (result.w == kr_no_clause().w) {
                raise_about(p, "function_clause", call->module, call->function,
                            call->args.term);
                return kr_none();
        }
        if (kr_is_none(result) && !kri_has(p, KRI_P_THREAD)) {
                (void)kri_enter();
                kri_no_memory(p);
        }
        return result;
}

/* p is inside, and is not afterwards. */
static kr_term call_it(struct kri_proc *p, struct call *call)
{
        struct kri_version *v = version_or_load(p, call->module);
        const struct kri_function *f = NULL;
        size_t arity;
        kr_term result;

        if (!make_tuple(p, &call->args)) {
                done_with(p, v);
                kri_badarg(p, "kr_apply", "args");
                return kr_none();
        }
        arity = kr_tuple_size(call->args.term);
        if (v != NULL)
                f = function_of(v, call->function.index, (int)arity);
        kri_leave(p);
        if (f != NULL) {
                result = f->call(call->args.term);
                kri_stack_wipe(); /* what it left there looks as if it still ran */
                result = judge(p, call, result);
        } else if (v != NULL && wants_info(call, arity)) {
                result = info_of(call, arity);
        } else {
                done_with(p, v);
                raise_about(p, "undef", call->module, call->function, call->args.term);
                return kr_none();
        }
        done_with(p, v);
        return result;
}

static kr_term apply(struct kri_proc *p, kr_atom module, kr_atom function,
                     struct kri_sig *args)
{
        struct call call = { module, function, KR_MSG_INIT };
        kr_term result;

        if (args == NULL) {
                kri_no_memory(p);
                return kr_none();
        }
        kri_slot_fill(p, &call.args, args);
        result = call_it(p, &call);
        kr_msg_clear(&call.args);
        return result;
}

kr_term kri_apply(kr_atom module, kr_atom function, struct kri_site *site,
                  const union kri_arg *args)
{
        struct kri_proc *p = kri_enter();
        struct kri_sig *sig;
        kri_word root;

        if (p == NULL)
                return kr_none();
        sig = kri_build_sig(p, site, args, 0, &root);
        if (sig != NULL)
                kri_store(&sig->root, root);
        return apply(p, module, function, sig);
}

kr_term kr_apply_term(kr_atom module, kr_atom function, kr_term args)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return kr_none();
        return apply(p, module, function, kri_sig_message(&p->sched->pool, args.w));
}

/* -- processes that call -- */

/* {Module, Function, Args} */
static void apply_in_process(kr_term what)
{
        kr_atom module = { 0 }, function = { 0 };

        (void)kr_get_atom(kr_element(1, what), &module);
        (void)kr_get_atom(kr_element(2, what), &function);
        kr_release(kr_apply_term(module, function, kr_element(3, what)));
}

/* Takes `what`. */
static kr_pid spawn_call(const kr_spawn_opts *opts, kr_atom function, kr_term what)
{
        struct kri_entry entry = { .fn = (void (*)(void))apply_in_process,
                                   .name = kr_atom_text(function, NULL),
                                   .kind = KRI_ENTRY_TERM };
        struct kri_proc *p;
        kr_pid pid;

        if (kr_is_none(what)) {
                p = kri_enter();
                if (p != NULL)
                        kri_no_memory(p);
                return kr_pid_none();
        }
        entry.arg.term = what;
        pid = kri_spawn(NULL, opts, entry);
        kr_release(what);
        return pid;
}

kr_pid kr_spawn_apply_term(const kr_spawn_opts *opts, kr_atom module, kr_atom function,
                           kr_term args)
{
        return spawn_call(opts, function, kr_build("{~, ~, ~}", module, function, args));
}

kr_pid kri_spawn_apply(const kr_spawn_opts *opts, kr_atom module, kr_atom function,
                       struct kri_site *site, const union kri_arg *args)
{
        kr_term list = kri_build(site, args);
        kr_pid pid = kr_is_none(list) ? kr_pid_none()
                                      : kr_spawn_apply_term(opts, module, function, list);

        kr_release(list);
        return pid;
}

/* -- loops -- */

/* The entry of a loop in the current version. May not return. */
static bool find_loop(struct kri_proc *p, kr_atom module, kr_atom loop,
                      const struct kri_named_arg *arg, struct kri_entry *ret)
{
        struct kri_version *v = version_or_load(p, module);
        const kr_named_loop *found = NULL;

        for (uint32_t i = 0; v != NULL && i < v->loop_count; i++)
                if (v->loops[i] == loop.index)
                        found = &v->module->loops[i];
        done_with(p, v);
        if (found == NULL) {
                kr_term args = arg->kind == KRI_ENTRY_NONE  ? kr_nil()
                               : arg->kind == KRI_ENTRY_INT ? kr_build("[~]", arg->arg.i)
                               : arg->kind == KRI_ENTRY_TERM
                                       ? kr_build("[~]", arg->arg.term)
                                       : kr_build("[state]");

                raise_about(p, "undef", module, loop, args);
                kri_leave(p);
                return false;
        }
        if (found->kind != (int)arg->kind || found->size != arg->size) {
                kr_term reason = kr_build("{bad_state, {~, ~}}", module, loop);

                if (kr_is_none(reason))
                        kri_no_memory(p);
                kri_raise_term_given(p, KR_CLASS_ERROR, reason);
        }
        *ret = (struct kri_entry){ .fn = found->fn,
                                   .name = kr_atom_text(loop, NULL),
                                   .kind = arg->kind,
                                   .size = arg->size };
        if (arg->kind == KRI_ENTRY_TERM)
                ret->arg.term = arg->arg.term;
        else if (arg->kind == KRI_ENTRY_PTR)
                ret->arg.ptr = arg->arg.ptr;
        else
                ret->arg.i = arg->arg.i;
        return true;
}

void kri_become_named(kr_atom module, kr_atom loop, struct kri_named_arg arg)
{
        struct kri_proc *p = kri_enter();
        struct kri_entry entry;

        if (p == NULL || kri_has(p, KRI_P_THREAD))
                kri_thread_end(p, "kr_become_named");
        (void)find_loop(p, module, loop, &arg, &entry);
        p->entry_name = entry.name; /* the former may be in the version that is left */
        kri_leave(p);
        kri_become(&entry);
}

kr_pid kri_spawn_named(const kr_spawn_opts *opts, kr_atom module, kr_atom loop,
                       struct kri_named_arg arg)
{
        struct kri_proc *p = kri_enter();
        struct kri_entry entry;

        if (p == NULL || !find_loop(p, module, loop, &arg, &entry))
                return kr_pid_none();
        kri_leave(p);
        return kri_spawn(NULL, opts, entry);
}
