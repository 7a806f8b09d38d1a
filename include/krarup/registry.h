/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h: names of processes, on this node. `name` is a kr_atom or a C string.
 * Follows register/2, unregister/1, whereis/1 and registered/0. None blocks.
 */
#ifndef KRARUP_REGISTRY_H
#define KRARUP_REGISTRY_H

#include <krarup/link.h>

#define KRI_NAME(name)                                                                   \
        _Generic((name), kr_atom: kri_name_atom, const char *: kri_atom_of,             \
                 char *: kri_atom_of)(name)

/* Give a process a name. The caller ends with badarg if the name is taken or `undefined`,
 * or the process has a name already, is dead, or is not of this node. */
#define kr_register(name, pid) kri_register(KRI_NAME(name), pid)
/* Badarg if nobody has that name. */
#define kr_unregister(name) kri_unregister(KRI_NAME(name))
/* None if nobody has that name. Any thread with kr_node_whereis. */
#define kr_whereis(name) kri_whereis(NULL, KRI_NAME(name))
#define kr_node_whereis(node, name) kri_whereis(node, KRI_NAME(name))

KR_BEGIN_DECLS

/* All names, as a list of atoms in the slot. */
KR_API void kr_registered(kr_msg *slot);

KR_API void kri_register(kr_atom name, kr_pid pid);
KR_API void kri_unregister(kr_atom name);
KR_API kr_pid kri_whereis(struct kr_node *node, kr_atom name);

KR_END_DECLS

static inline kr_atom kri_name_atom(kr_atom name)
{
        return name;
}

#endif
