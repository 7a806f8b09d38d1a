/* SPDX-License-Identifier: Apache-2.0 */
/* event_modules.c: handlers' modules by their names.
 *
 * Messages carry atoms, so that a manager understands a caller on any node. A module enters
 * the list when some call here first names it, and stays; the list needs no memory, for its
 * members are the modules' own.
 */
#include "event.h"

/* Grows at its head only. Published with release: what is read behind it, the members'
 * `next` and the modules, was written before. */
static struct kri_handler_entry *entered; /* atomic */

void kri_handler_enter(const kr_handler_module *module)
{
        struct kri_handler_entry *entry = module->entry, *head;

        /* relaxed: whoever finds it set has nothing to do, and finds it in the list only by
         * `entered` */
        if (__atomic_load_n(&entry->entered, __ATOMIC_RELAXED) ||
            __atomic_exchange_n(&entry->entered, 1, __ATOMIC_RELAXED))
                return;
        head = __atomic_load_n(&entered, __ATOMIC_ACQUIRE);
        do
                entry->next = head;
        while (!__atomic_compare_exchange_n(&entered, &head, entry, false,
                                            __ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
}

const kr_handler_module *kri_handler_find(kr_atom name)
{
        struct kri_handler_entry *entry = __atomic_load_n(&entered, __ATOMIC_ACQUIRE);

        while (entry != NULL && !kr_atom_eq(kri_atom_of(entry->module->name), name))
                entry = entry->next;
        return entry != NULL ? entry->module : NULL;
}

/* -- as terms -- */

static kr_term named(kr_atom name, kr_term id)
{
        return kr_is_none(id) ? kr_atom_term(name) : kr_build("{~, ~}", name, id);
}

kr_term kri_handler_name(const struct kri_handler *h)
{
        return named(h->name, h->id);
}

kr_term kri_handler_term(kr_handler handler)
{
        kri_handler_enter(handler.module);
        return named(kri_atom_of(handler.module->name), handler.id);
}

bool kri_handler_named(kr_term term, kr_atom *ret_name, kr_term *ret_id)
{
        *ret_id = kr_none();
        return kr_get_atom(term, ret_name) || kr_match(term, "{~, ~}", ret_name, ret_id);
}
