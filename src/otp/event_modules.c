/* SPDX-License-Identifier: Apache-2.0 */
/* event_modules.c: handlers' modules by their names.
 *
 * Messages carry atoms, so that a manager understands a caller on any node. Handlers of modules
 * that the node has loaded (KR_HANDLERS) are found there, in the current version. Those of the
 * program enter a list when some call here first names them, and stay; it needs no memory, for
 * its members are the handlers' own.
 */
#include "event.h"
#include "plat.h"

#include <krarup/module.h>

/* Grows at its head only, under the lock. Published with release: whoever reads it finds the
 * members' `next`, and the modules, as they were written before. */
static struct kri_handler_entry *entered; /* atomic */
static kri_plat_lock lock = KRI_PLAT_LOCK_INIT;

/* Whoever finds `entered` set must find the module in the list too: it may tell a manager the
 * name at once. So it is set last, with release, and read with acquire. */
void kri_handler_enter(const kr_handler_module *module)
{
        struct kri_handler_entry *entry = module->entry;

        if (__atomic_load_n(&entry->entered, __ATOMIC_ACQUIRE) ||
            kr_module_of(module, NULL, NULL)) /* it may go */
                return;
        kr_critical_begin();
        kri_plat_lock_take(&lock);
        if (!entry->entered) {
                entry->next = entered;
                __atomic_store_n(&entered, entry, __ATOMIC_RELEASE);
                __atomic_store_n(&entry->entered, 1, __ATOMIC_RELEASE);
        }
        kri_plat_lock_give(&lock);
        kr_critical_end();
}

const kr_handler_module *kri_handler_find(kr_atom name)
{
        struct kri_handler_entry *entry = __atomic_load_n(&entered, __ATOMIC_ACQUIRE);
        const kr_handler_module *loaded = kr_handler_named(name);

        if (loaded != NULL)
                return loaded;
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
