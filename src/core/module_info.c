/* SPDX-License-Identifier: Apache-2.0 */
/* module_info.c: what is known of a module, as a map. */
#include "module.h"

#include <string.h>

#include "term/atom.h"

#include "node.h"
#include "receive.h"

/* Each gives a new term. */

static kr_term text_term(const char *text)
{
        return kr_binary(text, strlen(text));
}

static kr_term exports_of(const struct kri_version *v)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < v->function_count; i++) {
                kr_term pair = kr_build("{~, ~}", (kr_atom){ v->functions[i].name },
                                        v->functions[i].arity);

                kr_add_term(&b, pair);
                kr_release(pair);
        }
        return kr_build_list(&b);
}

static kr_term help_of(const struct kri_version *v)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < v->function_count; i++) {
                const char *help = v->module->exports[i].help;
                kr_term key;

                if (help == NULL)
                        continue;
                key = kr_build("{~, ~}", (kr_atom){ v->functions[i].name },
                               v->functions[i].arity);
                kr_add_term(&b, key);
                kr_add_binary(&b, help, strlen(help));
                kr_release(key);
        }
        return kr_build_map(&b);
}

/* The first member of every behaviour, which this layer does not know. */
static void add_behaviour(kr_builder *b, const kr_behaviour *behaviour)
{
        const char *name = *(const char *const *)(const void *)behaviour;
        kr_atom atom;

        if (kr_atom_from(name, strlen(name), &atom) == KR_OK)
                kr_add_atom(b, atom);
}

static kr_term behaviours_of(const struct kri_version *v)
{
        kr_builder b = KR_BUILDER_INIT;

        for (size_t i = 0; i < v->module->behaviour_count; i++)
                add_behaviour(&b, v->module->behaviours[i]);
        return kr_build_list(&b);
}

static kr_term loops_of(const struct kri_version *v)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < v->loop_count; i++)
                kr_add_atom(&b, (kr_atom){ v->loops[i] });
        return kr_build_list(&b);
}

kr_term kri_statics_term(const struct kri_version_facts *facts)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < facts->static_count; i++) {
                kr_term pair = kr_build("{~, ~}", facts->statics[i].name,
                                        facts->statics[i].size);

                kr_add_term(&b, pair);
                kr_release(pair);
        }
        return kr_build_list(&b);
}

kr_term kri_build_id_term(const struct kri_version_facts *facts)
{
        char text[2 * KRI_BUILD_ID_MAX];

        for (uint32_t i = 0; i < facts->build_id_len; i++) {
                text[2 * i] = "0123456789abcdef"[facts->build_id[i] >> 4];
                text[2 * i + 1] = "0123456789abcdef"[facts->build_id[i] & 15];
        }
        return kr_binary(text, 2 * (size_t)facts->build_id_len);
}

/* Takes the value. */
static void put(kr_builder *b, const char *key, kr_term value)
{
        kr_atom atom;

        if (kr_atom_from(key, strlen(key), &atom) == KR_OK) {
                kr_add_atom(b, atom);
                kr_add_term(b, value);
        }
        kr_release(value);
}

static void put_facts(kr_builder *b, const struct kri_version_facts *facts)
{
        static const struct kri_version_facts none = { .file = "" };
        bool is_static = facts == NULL;

        if (is_static)
                facts = &none;
        put(b, "static", kr_build("~", is_static));
        put(b, "file", is_static ? kr_build("preloaded") : text_term(facts->file));
        put(b, "build_id", kri_build_id_term(facts));
        put(b, "statics", kri_statics_term(facts));
        put(b, "static_bytes", kr_build("~", facts->static_bytes));
}

static kr_term info_of(const struct kri_version *v)
{
        kr_builder b = KR_BUILDER_INIT;

        put(&b, "module", kr_atom_term((kr_atom){ v->of->atom }));
        put(&b, "version", text_term(kr_atom_text((kr_atom){ v->version }, NULL)));
        put(&b, "exports", exports_of(v));
        put(&b, "help", help_of(v));
        put(&b, "behaviours", behaviours_of(v));
        put(&b, "loops", loops_of(v));
        put_facts(&b, v->facts);
        return kr_build_map(&b);
}

/* In a slot. Takes the term. False: no memory for it. */
bool kri_answer_in(struct kri_proc *p, kr_msg *slot, kr_term term)
{
        struct kri_sig *sig = NULL;

        if (!kr_is_none(term))
                sig = kri_sig_message(&p->sched->pool, term.w);
        kr_release(term);
        if (sig != NULL && slot != NULL)
                kri_slot_fill(p, slot, sig);
        else if (sig != NULL)
                kri_sig_free(&p->sched->pool, sig);
        return sig != NULL;
}

bool kri_module_info(kr_atom module, bool old, kr_msg *slot)
{
        struct kri_proc *p;
        struct kri_module_name *name;
        struct kri_version *v = NULL;
        kr_term info;

        kr_msg_clear(slot);
        p = kri_enter();
        if (p == NULL)
                return false;
        if (slot == NULL) {
                kri_badarg(p, "kr_module_info", "slot");
                return false;
        }
        kri_modules_lock(p->node, true); /* a purge waits until we have looked */
        name = kri_module_named(p->node, module.index);
        if (name != NULL)
                v = atomic_load(old ? &name->old : &name->current);
        info = v != NULL ? info_of(v) : kr_none();
        kri_modules_lock(p->node, false);
        if (v != NULL && !kri_answer_in(p, slot, info)) {
                kri_no_memory(p);
                return false;
        }
        kri_leave(p);
        return v != NULL;
}
