/* SPDX-License-Identifier: Apache-2.0 */
/* application_entries.c: lists of applications, as the controller keeps them, and the types that
 * they are started with. */
#include "application_controller.h"

#include <krarup/memory.h>
#include <krarup/message.h>

struct kri_app_entry **kri_entry_find(struct kri_app_entry **list, kr_atom name)
{
        while (*list != NULL && !kr_atom_eq((*list)->name, name))
                list = &(*list)->next;
        return list;
}

bool kri_entry_has(struct kri_app_entry **list, kr_atom name)
{
        return *kri_entry_find(list, name) != NULL;
}

void kri_entry_drop(struct kri_app_entry **at)
{
        struct kri_app_entry *e = *at;

        *at = e->next;
        kr_release(e->from.tag);
        kr_free(e);
}

void kri_entry_drop_name(struct kri_app_entry **list, kr_atom name)
{
        struct kri_app_entry **at = kri_entry_find(list, name);

        if (*at != NULL)
                kri_entry_drop(at);
}

/* NULL: no memory. */
struct kri_app_entry *kri_entry_push(struct kri_app_entry **list, kr_atom name,
                                     kr_restart restart)
{
        struct kri_app_entry *e = kr_calloc(1, sizeof(*e));

        if (e == NULL)
                return NULL;
        e->name = name;
        e->restart = restart;
        e->from.tag = kr_none();
        e->next = *list;
        *list = e;
        return e;
}

/* lists:keystore, but in front when it is new: the order of starts is kept. */
struct kri_app_entry *kri_entry_put(struct kri_app_entry **list, kr_atom name,
                                    kr_restart restart)
{
        struct kri_app_entry *e = *kri_entry_find(list, name);

        if (e == NULL)
                return kri_entry_push(list, name, restart);
        e->restart = restart;
        return e;
}

kr_term kri_entry_names(struct kri_app_entry *list)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; list != NULL; list = list->next)
                kr_add_atom(&b, list->name);
        return kr_build_list(&b);
}

/* -- restart types -- */

kr_atom kri_restart_atom(kr_restart restart)
{
        if (restart == KR_PERMANENT)
                return KR_ATOM("permanent");
        return restart == KR_TRANSIENT ? KR_ATOM("transient") : KR_ATOM("temporary");
}

bool kri_restart_of(kr_term t, kr_restart *ret)
{
        if (kr_match(t, "permanent"))
                *ret = KR_PERMANENT;
        else if (kr_match(t, "transient"))
                *ret = KR_TRANSIENT;
        else if (kr_match(t, "temporary"))
                *ret = KR_TEMPORARY;
        else
                return false;
        return true;
}
