/* SPDX-License-Identifier: Apache-2.0 */
/* application_controller.h: what the files of the application controller share.
 *
 *      application_controller.c  the gen_server
 *      application_entries.c     lists of applications
 *      application_loading.c     loading, unloading, and the environment
 *      application_starting.c    starts, stops and permissions
 *      application_change.c      another configuration
 *
 * Model    running      what runs here, the last started first: {Name, Master}, or without a
 *                       master for an application that has no processes
 *          started      what was told to start, and not to stop: it may have ended, or may
 *                       not run (permissions)
 *          starting     a process of its own waits for its master
 *          start_p_false   told to start, but may not run
 *          requests     who waits for a start
 *          It does not wait while an application starts, but while one stops: so starts and
 *          stops of one application never overlap.
 * Threads  the controller's process only.
 */
#ifndef KR_OTP_APPLICATION_CONTROLLER_H
#define KR_OTP_APPLICATION_CONTROLLER_H

#include <krarup/gen_server.h>

#include "application.h"

struct kri_app_entry {
        struct kri_app_entry *next;
        kr_atom name;
        kr_restart restart;
        kr_pid pid; /* running: the master; none: it has none. starting: who starts it */
        kr_from from; /* requests: who waits; its tag is kept */
};

struct kri_controller {
        struct kri_apps *apps;
        struct kri_app_entry *running, *started, *starting, *start_p_false, *requests;
        struct kri_env conf; /* of config files, and what is set to be persistent */
        kr_term flags;       /* of the command line */
};

/* -- lists -- */

/* The place of the entry; *place NULL: it has none. */
struct kri_app_entry **kri_entry_find(struct kri_app_entry **list, kr_atom name);
bool kri_entry_has(struct kri_app_entry **list, kr_atom name);
void kri_entry_drop(struct kri_app_entry **at);
void kri_entry_drop_name(struct kri_app_entry **list, kr_atom name);
/* In front. NULL: no memory. */
struct kri_app_entry *kri_entry_push(struct kri_app_entry **list, kr_atom name,
                                     kr_restart restart);
/* lists:keystore, but in front when it is new: the order of starts is kept. */
struct kri_app_entry *kri_entry_put(struct kri_app_entry **list, kr_atom name,
                                    kr_restart restart);
/* Gives a new term. */
kr_term kri_entry_names(struct kri_app_entry *list);

/* permanent, transient, temporary; and back: false: it is none of them. */
kr_atom kri_restart_atom(kr_restart restart);
bool kri_restart_of(kr_term t, kr_restart *ret);

/* -- loading -- */

/* ok, or {error, Reason}; takes the reason, which is none for ok. */
kr_next kri_controller_reply(kr_term reason);
kr_term kri_controller_take_spec(struct kri_controller *c, kr_term spec,
                                 kr_atom *ret_app);
bool kri_controller_is_loaded(struct kri_controller *c, kr_atom app);
kr_next kri_controller_load(struct kri_controller *c, kr_term what);
kr_next kri_controller_unload(struct kri_controller *c, kr_atom app);
kr_next kri_controller_set_env(struct kri_controller *c, kr_atom app, kr_term name,
                               kr_term value, kr_term opts);
kr_next kri_controller_set_env_list(struct kri_controller *c, kr_term config,
                                    kr_term opts);
kr_next kri_controller_unset_env(struct kri_controller *c, kr_atom app, kr_term name,
                                 kr_term opts);

/* -- starting -- */

void kri_controller_tell_exited(kr_atom name, kr_term reason, kr_restart type);
kr_next kri_controller_end(kr_term reason);
kr_next kri_controller_start(struct kri_controller *c, kr_atom app, kr_term type,
                             kr_from from);
kr_next kri_controller_started(struct kri_controller *c, kr_atom app, kr_term result);
kr_restart kri_controller_started_as(struct kri_controller *c, kr_atom app);
kr_next kri_controller_stop(struct kri_controller *c, kr_atom app);
kr_next kri_controller_permit(struct kri_controller *c, kr_atom app, kr_from from);
kr_next kri_controller_forbid(struct kri_controller *c, kr_atom app);

/* -- changing -- */

kr_next kri_controller_prepare_change(struct kri_controller *c);
kr_next kri_controller_change_data(struct kri_controller *c, kr_term specs,
                                   kr_term config);
kr_next kri_controller_config_change(struct kri_controller *c, kr_term before);

#endif
