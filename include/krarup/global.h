/* SPDX-License-Identifier: Apache-2.0 */
/* global.h: names that hold in the whole cluster. Follows OTP's module global; on a node that
 * is alone, as global does there.
 *
 * Model    A process of the node (global_name_server, started when first needed) owns the table
 *          and watches the processes in it: a name goes with its process. A name is any term.
 *
 * Callable by processes (attached threads too); all block. On a thread that is no process:
 * false, none.
 */
#ifndef KRARUP_GLOBAL_H
#define KRARUP_GLOBAL_H

#include <krarup/gen.h>

/* kr_global_send(name, "message", ...): to the process of that name; its pid. Nobody has it: the
 * caller ends with {badarg, {Name, Message}}. Follows global:send/2. */
#define kr_global_send(name, ...)                                                        \
        kri_global_send(name, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

KR_BEGIN_DECLS

/* False ("no"): the name is taken, or the process has a name already, or is dead. */
KR_API bool kr_global_register_name(kr_term name, kr_pid pid);
/* The same, but the name is taken from whoever has it. */
KR_API bool kr_global_re_register_name(kr_term name, kr_pid pid);
KR_API void kr_global_unregister_name(kr_term name);
/* None: nobody has it. */
KR_API kr_pid kr_global_whereis_name(kr_term name);
/* Gives a new term: the list of all names. */
KR_API kr_term kr_global_registered_names(void);

KR_API kr_pid kri_global_send(kr_term name, struct kri_site *site,
                              const union kri_arg *args);

KR_END_DECLS
#endif
