/* SPDX-License-Identifier: Apache-2.0 */
/* application.h: what the parts of applications share.
 *
 *      application.c             what everybody calls
 *      application_boot.c        init, kr_boot, kr_main
 *      application_config.c      config files and the command line
 *      application_controller.c  the gen_server that knows what is loaded, starting, running
 *      application_file.c        .app files
 *      application_master.c      the two processes of an application that runs
 *      application_table.c       what everybody may look up
 *
 * Model    A struct kri_apps hangs off the node from the first use. What is loaded and the
 *          environment are in memory of the controller, which alone changes them; others
 *          copy out under the lock. When the controller ends nothing is loaded any more.
 */
#ifndef KR_OTP_APPLICATION_H
#define KR_OTP_APPLICATION_H

#include <krarup/application.h>

#include "plat.h"
#include "words.h"

/* {Key, Value} of an application. */
struct kri_env_entry {
        struct kri_env_entry *next;
        kr_atom app;
        kr_term key, value; /* kept */
};

/* In the order in which keys came. */
struct kri_env {
        struct kri_env_entry *first;
};

struct kri_app_loaded {
        struct kri_app_loaded *next;
        kr_atom name;
        kr_term keys; /* kept: the list in {application, Name, Keys} */
};

struct kri_app_master {
        struct kri_app_master *next;
        kr_atom name;
        kr_pid pid;
};

struct kri_app_module {
        struct kri_app_module *next;
        kr_atom name;
        const kr_application *app;
};

struct kri_apps {
        kr_node *node;

        kri_plat_lock lock;
        struct kri_app_loaded *loaded; /* newest first */
        struct kri_env env;
        struct kri_app_master *masters;
        struct kri_app_module *modules;
        const kr_boot_opts *boot; /* of whom booted; ours */
};

/* Of the node, made if there is none; NULL: no memory. Of the calling process: _here. */
struct kri_apps *kri_apps_of(kr_node *node);
struct kri_apps *kri_apps_here(void);

/* -- the environment as a value; by the process that owns it -- */

/* KR_ENOMEM: as it was. */
kr_err kri_env_put(struct kri_env *env, kr_atom app, kr_term key, kr_term value);
void kri_env_remove(struct kri_env *env, kr_atom app, kr_term key);
void kri_env_remove_all(struct kri_env *env, kr_atom app);
/* All of [{Key, Value}]; what is no pair is left out. */
kr_err kri_env_put_list(struct kri_env *env, kr_atom app, kr_term list);
/* All of [{App, [{Key, Value}]}]. */
kr_err kri_env_put_config(struct kri_env *env, kr_term config);
/* Gives a new term: [{Key, Value}] of an application, in the order in which they came. */
kr_term kri_env_list(const struct kri_env *env, kr_atom app);
/* The value, or none; it is env's. */
kr_term kri_env_find(const struct kri_env *env, kr_atom app, kr_term key);

/* -- the table -- */

/* Copies, to be released; none: there is none. */
kr_term kri_apps_get_env(struct kri_apps *apps, kr_atom app, kr_term key);
kr_term kri_apps_get_all_env(struct kri_apps *apps, kr_atom app);
kr_term kri_apps_keys(struct kri_apps *apps, kr_atom app); /* none: not loaded */
kr_term kri_apps_loaded(struct kri_apps *apps);            /* [{Name, Descr, Vsn}] */

/* Of the keys of an application: the value, or OTP's default. Borrows from `keys` or is plain. */
kr_term kri_app_key(kr_term keys, const char *key);
/* The same by an atom; none: it is no key of .app files. */
kr_term kri_app_key_atom(kr_term keys, kr_atom key);
extern const char
        *const kri_app_key_names[]; /* as get_all_key has them; ends with NULL */

/* By the controller. */
kr_err kri_apps_load(struct kri_apps *apps, kr_atom app, kr_term keys);
void kri_apps_unload(struct kri_apps *apps, kr_atom app);
kr_err kri_apps_put_env(struct kri_apps *apps, kr_atom app, kr_term key, kr_term value);
void kri_apps_remove_env(struct kri_apps *apps, kr_atom app, kr_term key);
void kri_apps_clear(struct kri_apps *apps); /* the controller ends */

/* Masters. An application has one at most. */
bool kri_apps_put_master(struct kri_apps *apps, kr_atom app, kr_pid master);
void kri_apps_remove_master(struct kri_apps *apps, kr_pid master);
kr_pid kri_apps_master(struct kri_apps *apps, kr_atom app);
kr_atom kri_apps_of_master(struct kri_apps *apps, kr_pid master); /* index 0: of none */

const kr_application *kri_apps_module(struct kri_apps *apps, kr_atom name);

/* -- .app files -- */

/* What describes an application: gives {application, Name, Keys}, or OTP's error reason. Keys
 * that OTP does not know are told to the logger, with the nearest right one. */
kr_err kri_app_describe(struct kri_apps *apps, kr_atom app, kr_term *ret_spec,
                        kr_term *ret_reason);
/* Is this {application, Name, Keys} with a Name and Keys that make sense? */
kr_err kri_app_check(kr_term spec, kr_atom *ret_name, kr_term *ret_keys,
                     kr_term *ret_reason);

/* -- config -- */

/* A config file, and for sys.config those that it names: gives a list of lists, each
 * [{App, [{Key, Value}]}], the strongest last. KR_EFAILED: what is wrong is in `error`. */
kr_err kri_config_file(const char *name, kr_term *ret, struct kri_words *error);
/* The same for text; `file` is for messages. */
kr_err kri_config_text(const char *file, const char *text, size_t len, kr_term *ret,
                       struct kri_words *error);
/* check_conf_data; what is wrong in OTP's words. */
bool kri_config_check(kr_term config, struct kri_words *error);
/* The flags of a command line: gives [{Flag, [Value]}], texts as binaries. */
kr_term kri_config_flags(int argc, char **argv);
/* The next folder of -pa; NULL after the last. *at starts with 0. */
const char *kri_config_folder(int argc, char **argv, int *at);
/* All of a file, into an empty buffer; false: it cannot be read, see errno. */
bool kri_config_read(const char *path, kr_buf *ret);

/* Where in this text the element is that is reached by these indices (from 0), one for each
 * bracket around it. */
void kri_config_locate(const char *text, const unsigned *path, unsigned depth,
                       unsigned *ret_line, unsigned *ret_column);

/* -- processes -- */

/* The callbacks of the controller's gen_server. Arguments: [Configs, Flags]. */
extern const kr_behaviour kri_application_controller;

/* The slot that a callback puts the Reason of its error into: as a message (kr_start_link does)
 * or as a term of its own (kr_start_failed does). */
static inline kr_msg kri_more(void)
{
        kr_msg more = { .term = kr_none() };

        return more;
}

static inline void kri_more_clear(kr_msg *more)
{
        if (more->sig == NULL)
                kr_release(more->term);
        kr_msg_clear(more);
}

/* application_master:start_link/2: `what` is {Name, Mod, Args, Phases, Type, MaxT, Starter}. */
kr_started kri_app_master_start(kr_term what, kr_msg *more);
/* Stop one, and wait until it has. By the controller. */
void kri_app_master_stop(kr_pid master);
/* {ok, Pid} of the top supervisor; none. */
kr_pid kri_app_master_child(kr_pid master);

#endif
