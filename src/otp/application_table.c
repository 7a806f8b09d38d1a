/* SPDX-License-Identifier: Apache-2.0 */
/* application_table.c: what is loaded, the environment and the masters, for everybody to look
 * up without asking the controller: an application may look while it starts. */
#include "application.h"

#include <krarup/loop.h>
#include <krarup/memory.h>
#include <krarup/message.h>

#include <stdlib.h>
#include <string.h>

static const char key; /* of the node's kr_node_get */

/* -- what hangs off the node -- */

static void release(void *value)
{
        struct kri_apps *apps = value;

        while (apps->masters != NULL) {
                struct kri_app_master *m = apps->masters;

                apps->masters = m->next;
                free(m);
        }
        while (apps->modules != NULL) {
                struct kri_app_module *m = apps->modules;

                apps->modules = m->next;
                free(m);
        }
        kri_plat_lock_fini(&apps->lock);
        free((void *)(uintptr_t)apps->boot);
        free(apps);
}

struct kri_apps *kri_apps_of(kr_node *node)
{
        struct kri_apps *apps = kr_node_get(node, &key);

        if (apps != NULL)
                return apps;
        apps = calloc(1, sizeof(*apps));
        if (apps == NULL)
                return NULL;
        apps->node = node;
        kri_plat_lock_init(&apps->lock);
        if (!kr_node_put(node, &key, apps, release))
                release(apps); /* another one was quicker, or there is no memory */
        return kr_node_get(node, &key);
}

struct kri_apps *kri_apps_here(void)
{
        return kr_here() != NULL ? kri_apps_of(kr_here()) : NULL;
}

/* -- the environment as a value -- */

static struct kri_env_entry **find(const struct kri_env *env, kr_atom app, kr_term name)
{
        struct kri_env_entry **at = (struct kri_env_entry **)(uintptr_t)&env->first;

        while (*at != NULL &&
               (!kr_atom_eq((*at)->app, app) || !kr_same((*at)->key, name)))
                at = &(*at)->next;
        return at;
}

kr_term kri_env_find(const struct kri_env *env, kr_atom app, kr_term name)
{
        struct kri_env_entry *e = *find(env, app, name);

        return e != NULL ? e->value : kr_none();
}

kr_err kri_env_put(struct kri_env *env, kr_atom app, kr_term name, kr_term value)
{
        struct kri_env_entry **at = find(env, app, name), *e = *at;

        if (e != NULL)
                return kr_replace(&e->value, value);
        e = kr_calloc(1, sizeof(*e));
        if (e == NULL)
                return KR_ENOMEM;
        e->app = app;
        e->key = kr_keep(name);
        e->value = kr_keep(value);
        if (kr_is_none(e->key) || kr_is_none(e->value)) {
                kr_release(e->key);
                kr_release(e->value);
                kr_free(e);
                return KR_ENOMEM;
        }
        *at = e;
        return KR_OK;
}

static void remove_at(struct kri_env_entry **at)
{
        struct kri_env_entry *e = *at;

        *at = e->next;
        kr_release(e->key);
        kr_release(e->value);
        kr_free(e);
}

void kri_env_remove(struct kri_env *env, kr_atom app, kr_term name)
{
        struct kri_env_entry **at = find(env, app, name);

        if (*at != NULL)
                remove_at(at);
}

void kri_env_remove_all(struct kri_env *env, kr_atom app)
{
        struct kri_env_entry **at = &env->first;

        while (*at != NULL)
                if (kr_atom_eq((*at)->app, app))
                        remove_at(at);
                else
                        at = &(*at)->next;
}

kr_err kri_env_put_list(struct kri_env *env, kr_atom app, kr_term list)
{
        kr_term name, value;
        kr_err err = KR_OK;

        for (; kr_is_cons(list) && err == KR_OK; list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &name, &value))
                        err = kri_env_put(env, app, name, value);
        return err;
}

kr_err kri_env_put_config(struct kri_env *env, kr_term config)
{
        kr_err err = KR_OK;
        kr_atom app;
        kr_term list;

        for (; kr_is_cons(config) && err == KR_OK; config = kr_tl(config))
                if (kr_match(kr_hd(config), "{~, ~}", &app, &list))
                        err = kri_env_put_list(env, app, list);
        return err;
}

kr_term kri_env_list(const struct kri_env *env, kr_atom app)
{
        kr_builder list = KR_BUILDER_INIT;

        for (const struct kri_env_entry *e = env->first; e != NULL; e = e->next) {
                kr_term pair;

                if (!kr_atom_eq(e->app, app))
                        continue;
                pair = kr_build("{~, ~}", e->key, e->value);
                kr_add_term(&list, pair);
                kr_release(pair);
        }
        return kr_build_list(&list);
}

/* -- keys of .app files -- */

const char *const kri_app_key_names[] = { "description",
                                          "id",
                                          "vsn",
                                          "modules",
                                          "maxP",
                                          "maxT",
                                          "registered",
                                          "included_applications",
                                          "optional_applications",
                                          "applications",
                                          "env",
                                          "mod",
                                          "start_phases",
                                          NULL };

static kr_term default_of(const char *name)
{
        if (strcmp(name, "maxP") == 0 || strcmp(name, "maxT") == 0)
                return kr_atom_term(KR_ATOM("infinity"));
        if (strcmp(name, "start_phases") == 0)
                return kr_atom_term(KR_ATOM("undefined"));
        return kr_nil(); /* "" and [] */
}

kr_term kri_app_key(kr_term keys, const char *name)
{
        kr_atom wanted = kri_atom_of(name), found;
        kr_term value;

        for (; kr_is_cons(keys); keys = kr_tl(keys))
                if (kr_match(kr_hd(keys), "{~, ~}", &found, &value) &&
                    kr_atom_eq(found, wanted))
                        return value;
        return default_of(name);
}

kr_term kri_app_key_atom(kr_term keys, kr_atom name)
{
        const char *text = kr_atom_text(name, NULL);

        for (const char *const *at = kri_app_key_names; *at != NULL; at++)
                if (strcmp(*at, text) == 0)
                        return kri_app_key(keys, *at);
        return kr_none();
}

/* -- looking up -- */

kr_term kri_apps_get_env(struct kri_apps *apps, kr_atom app, kr_term name)
{
        kr_term value;

        kri_plat_lock_take(&apps->lock);
        value = kr_keep(kri_env_find(&apps->env, app, name));
        kri_plat_lock_give(&apps->lock);
        return value;
}

kr_term kri_apps_get_all_env(struct kri_apps *apps, kr_atom app)
{
        kr_term list;

        kri_plat_lock_take(&apps->lock);
        list = kri_env_list(&apps->env, app);
        kri_plat_lock_give(&apps->lock);
        return list;
}

static struct kri_app_loaded **find_loaded(struct kri_apps *apps, kr_atom app)
{
        struct kri_app_loaded **at = &apps->loaded;

        while (*at != NULL && !kr_atom_eq((*at)->name, app))
                at = &(*at)->next;
        return at;
}

kr_term kri_apps_keys(struct kri_apps *apps, kr_atom app)
{
        struct kri_app_loaded *loaded;
        kr_term keys;

        kri_plat_lock_take(&apps->lock);
        loaded = *find_loaded(apps, app);
        keys = loaded != NULL ? kr_keep(loaded->keys) : kr_none();
        kri_plat_lock_give(&apps->lock);
        return keys;
}

kr_term kri_apps_loaded(struct kri_apps *apps)
{
        kr_builder list = KR_BUILDER_INIT;

        kri_plat_lock_take(&apps->lock);
        for (struct kri_app_loaded *l = apps->loaded; l != NULL; l = l->next) {
                kr_term t = kr_build("{~, ~, ~}", l->name,
                                     kri_app_key(l->keys, "description"),
                                     kri_app_key(l->keys, "vsn"));

                kr_add_term(&list, t);
                kr_release(t);
        }
        kri_plat_lock_give(&apps->lock);
        return kr_build_list(&list);
}

/* -- changing; by the controller -- */

kr_err kri_apps_load(struct kri_apps *apps, kr_atom app, kr_term keys)
{
        struct kri_app_loaded *l, **at;
        kr_err err = KR_OK;

        kri_plat_lock_take(&apps->lock);
        at = find_loaded(apps, app);
        if (*at != NULL) {
                err = kr_replace(&(*at)->keys, keys);
        } else {
                l = kr_calloc(1, sizeof(*l));
                if (l != NULL) {
                        l->name = app;
                        l->keys = kr_keep(keys);
                }
                if (l == NULL || kr_is_none(l->keys)) {
                        kr_free(l);
                        err = KR_ENOMEM;
                } else {
                        l->next = apps->loaded;
                        apps->loaded = l;
                }
        }
        kri_plat_lock_give(&apps->lock);
        return err;
}

void kri_apps_unload(struct kri_apps *apps, kr_atom app)
{
        struct kri_app_loaded **at, *l;

        kri_plat_lock_take(&apps->lock);
        kri_env_remove_all(&apps->env, app);
        at = find_loaded(apps, app);
        l = *at;
        if (l != NULL) {
                *at = l->next;
                kr_release(l->keys);
                kr_free(l);
        }
        kri_plat_lock_give(&apps->lock);
}

kr_err kri_apps_put_env(struct kri_apps *apps, kr_atom app, kr_term name, kr_term value)
{
        kr_err err;

        kri_plat_lock_take(&apps->lock);
        err = kri_env_put(&apps->env, app, name, value);
        kri_plat_lock_give(&apps->lock);
        return err;
}

void kri_apps_remove_env(struct kri_apps *apps, kr_atom app, kr_term name)
{
        kri_plat_lock_take(&apps->lock);
        kri_env_remove(&apps->env, app, name);
        kri_plat_lock_give(&apps->lock);
}

/* The memory goes with the process. */
void kri_apps_clear(struct kri_apps *apps)
{
        kri_plat_lock_take(&apps->lock);
        apps->loaded = NULL;
        apps->env.first = NULL;
        kri_plat_lock_give(&apps->lock);
}

/* -- masters -- */

bool kri_apps_put_master(struct kri_apps *apps, kr_atom app, kr_pid master)
{
        struct kri_app_master *m = malloc(sizeof(*m));

        if (m == NULL)
                return false;
        m->name = app;
        m->pid = master;
        kri_plat_lock_take(&apps->lock);
        m->next = apps->masters;
        apps->masters = m;
        kri_plat_lock_give(&apps->lock);
        return true;
}

void kri_apps_remove_master(struct kri_apps *apps, kr_pid master)
{
        struct kri_app_master **at = &apps->masters, *m;

        kri_plat_lock_take(&apps->lock);
        while ((m = *at) != NULL)
                if (kr_pid_eq(m->pid, master)) {
                        *at = m->next;
                        free(m);
                } else {
                        at = &m->next;
                }
        kri_plat_lock_give(&apps->lock);
}

kr_pid kri_apps_master(struct kri_apps *apps, kr_atom app)
{
        kr_pid pid = kr_pid_none();

        kri_plat_lock_take(&apps->lock);
        for (struct kri_app_master *m = apps->masters; m != NULL; m = m->next)
                if (kr_atom_eq(m->name, app)) {
                        pid = m->pid;
                        break;
                }
        kri_plat_lock_give(&apps->lock);
        return pid;
}

kr_atom kri_apps_of_master(struct kri_apps *apps, kr_pid master)
{
        kr_atom app = { 0 };

        kri_plat_lock_take(&apps->lock);
        for (struct kri_app_master *m = apps->masters; m != NULL; m = m->next)
                if (kr_pid_eq(m->pid, master))
                        app = m->name;
        kri_plat_lock_give(&apps->lock);
        return app;
}

/* -- modules -- */

const kr_application *kri_apps_module(struct kri_apps *apps, kr_atom name)
{
        const kr_application *app = NULL;

        kri_plat_lock_take(&apps->lock);
        for (struct kri_app_module *m = apps->modules; m != NULL && app == NULL;
             m = m->next)
                if (kr_atom_eq(m->name, name))
                        app = m->app;
        kri_plat_lock_give(&apps->lock);
        return app;
}

kr_err kr_application_register(kr_node *node, const kr_application *app)
{
        struct kri_app_module *m;
        struct kri_apps *apps;
        kr_atom name;

        if (app == NULL || app->name == NULL || node == NULL ||
            kr_atom_from(app->name, strlen(app->name), &name) != KR_OK)
                return KR_EBADARG;
        apps = kri_apps_of(node);
        m = apps != NULL ? malloc(sizeof(*m)) : NULL;
        if (m == NULL)
                return KR_ENOMEM;
        m->name = name;
        m->app = app;
        kri_plat_lock_take(&apps->lock);
        m->next = apps->modules; /* in front of one with the same name */
        apps->modules = m;
        kri_plat_lock_give(&apps->lock);
        return KR_OK;
}
