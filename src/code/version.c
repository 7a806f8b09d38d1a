/* SPDX-License-Identifier: Apache-2.0 */
#include "version.h"

#include <krarup/loop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term/pattern.h"

#include "job.h"

#define UNLOAD_MS 5000

void kri_refuse(struct kri_refusal *why, const char *reason, const char *text,
                const char *module)
{
        why->reason = reason;
        snprintf(why->text, sizeof(why->text), text, module);
}

/* -- jobs -- */

struct load_job {
        struct kri_job job;
        struct kri_object_order order;
        struct kri_object *object; /* NULL: refused */
        struct kri_refusal why;
        char *texts[3]; /* file, name, bytes */
};

static void do_load(struct kri_job *job)
{
        struct load_job *load = (struct load_job *)job;

        load->object = kri_object_open(&load->order, &load->why);
}

static void free_load(struct kri_job *job)
{
        struct load_job *load = (struct load_job *)job;

        if (load->object != NULL)
                (void)kri_object_close(load->object, 0, 0); /* nobody has seen it */
        for (unsigned i = 0; i < 3; i++)
                free(load->texts[i]);
        free(load);
}

struct unload_job {
        struct kri_job job;
        struct kri_object *object;
        uint32_t module, version;
        bool gone;
};

static void do_unload(struct kri_job *job)
{
        struct unload_job *unload = (struct unload_job *)job;

        unload->gone = kri_object_close(unload->object, unload->module, unload->version);
}

static void free_unload(struct kri_job *job)
{
        free(job);
}

/* Takes the object. False: it is still mapped. */
static bool unload(struct kri_code_room *code, struct kri_object *object, uint32_t module,
                   uint32_t version)
{
        struct unload_job *job = calloc(1, sizeof(*job));
        bool gone;

        kri_code_remove_object(code, object);
        if (job == NULL)
                return kri_object_close(object, module, version);
        *job = (struct unload_job){ .job = { .work = do_unload, .free = free_unload },
                                    .object = object,
                                    .module = module,
                                    .version = version };
        kri_job_do(code, &job->job);
        gone = job->gone;
        kri_job_done(&job->job);
        return gone;
}

/* -- may it be loaded? -- */

struct kri_module_name *kri_code_named(struct kri_code_room *code, const char *module)
{
        kr_atom atom;

        return kr_atom_existing(module, strlen(module), &atom)
                       ? kri_module_named(code->node, atom.index)
                       : NULL;
}

static bool is_build(const struct kri_version *v, const uint8_t *id, uint32_t len)
{
        return v != NULL && v->facts != NULL && v->facts->build_id_len == len &&
               memcmp(v->facts->build_id, id, len) == 0;
}

static bool judge(void *context, const char *module, const uint8_t *id, uint32_t len,
                  struct kri_refusal *why)
{
        struct kri_code_room *code = context;
        struct kri_module_name *name = kri_code_named(code, module);
        struct kri_version *current = name != NULL ? atomic_load(&name->current) : NULL;
        struct kri_version *old = name != NULL ? atomic_load(&name->old) : NULL;

        if (current != NULL && current->facts == NULL) {
                kri_refuse(why, "sticky_directory", "%s is a module of the program",
                           module);
                return false;
        }
        if (current != NULL && old != NULL) {
                kri_refuse(why, "not_purged",
                           "%s has an old version already: purge it first", module);
                return false;
        }
        if (is_build(current, id, len)) {
                kri_refuse(why, "same_build", "%s: this very build is loaded already",
                           module);
                return false;
        }
        return true;
}

static struct load_job *new_load(struct kri_code_room *code, const char *file,
                                 const char *name, kr_bytes bytes)
{
        struct load_job *load = calloc(1, sizeof(*load));

        if (load == NULL)
                return NULL;
        load->job = (struct kri_job){ .work = do_load, .free = free_load };
        load->texts[0] = strdup(file);
        load->texts[1] = name != NULL ? strdup(name) : NULL;
        load->texts[2] = bytes.data != NULL ? malloc(bytes.len + 1) : NULL;
        if (load->texts[0] == NULL || (name != NULL && load->texts[1] == NULL) ||
            (bytes.data != NULL && load->texts[2] == NULL)) {
                free_load(&load->job);
                return NULL;
        }
        if (bytes.data != NULL)
                memcpy(load->texts[2], bytes.data, bytes.len);
        load->order = (struct kri_object_order){ .file = load->texts[0],
                                                 .bytes = (uint8_t *)load->texts[2],
                                                 .size = bytes.len,
                                                 .name = load->texts[1],
                                                 .directory = code->directory,
                                                 .strict = code->strict,
                                                 .judge = judge,
                                                 .context = code };
        return load;
}

/* The object of a file; NULL: refused. */
static struct kri_object *open_object(struct kri_code_room *code, const char *file,
                                      const char *name, kr_bytes bytes,
                                      struct kri_refusal *why)
{
        struct load_job *load = new_load(code, file, name, bytes);
        struct kri_object *object;

        if (load == NULL) {
                kri_refuse(why, "system_limit", "no memory to load %s", file);
                return NULL;
        }
        kri_job_do(code, &load->job);
        object = load->object;
        load->object = NULL;
        *why = load->why;
        kri_job_done(&load->job);
        return object;
}

/* A version of it, in the list; NULL: refused, and the object is gone. */
static struct kri_version *list_version(struct kri_code_room *code,
                                        struct kri_object *object,
                                        struct kri_refusal *why)
{
        struct kri_version *v = NULL;
        kr_err err = kri_version_new(object->module, &object->facts, &v);
        kr_atom atom;

        if (err == KR_OK)
                err = kr_atom_from(object->module_name, strlen(object->module_name),
                                   &atom);
        if (err == KR_OK)
                err = kri_version_list(code->node, v, atom.index);
        if (err == KR_OK) {
                kri_code_add_object(code, object);
                return v;
        }
        kri_refuse(why, err == KR_EBADARG ? "badfile" : "system_limit",
                   err == KR_EBADARG ? "%s: its descriptor is damaged"
                                     : "%s: no memory, or too many modules",
                   object->module_name);
        kri_version_free(v);
        (void)unload(code, object, 0, 0);
        return NULL;
}

/* -- letting go -- */

static void run_on_unload(kr_term place)
{
        uint64_t at;

        if (kr_match(place, "~", &at))
                ((const kr_module *)(uintptr_t)at)->on_unload();
}

void kri_version_run_out(const struct kri_version *v)
{
        kr_term place;
        kr_msg msg = KR_MSG_INIT;
        kr_ref watching;
        kr_pid pid;

        if (v->module->on_unload == NULL)
                return;
        place = kr_build("~", (uint64_t)(uintptr_t)v->module);
        pid = kr_spawn_monitor(&watching, run_on_unload, place);
        kr_release(place);
        if (kr_receive(&msg, UNLOAD_MS, kr_on(0, "{'DOWN', =, _, _, _}", watching)) ==
            KR_TIMEOUT) {
                kr_exit_signal(pid, "kill");
                (void)kr_receive(&msg, UNLOAD_MS,
                                 kr_on(0, "{'DOWN', =, _, _, _}", watching));
        }
        kr_msg_clear(&msg);
}

/* Nobody holds it. What others may still be reading of the table is freed after the next
 * round. */
void kri_version_let_go(struct kri_code_room *code, struct kri_version *v)
{
        struct kri_object *object = kri_object_of(v);
        char line[160];

        kri_version_unlist(code->node, v);
        kri_sites_forget(v->span.low, v->span.high);
        snprintf(line, sizeof(line),
                 "krarup: %.64s version %.32s is unloaded, and still mapped",
                 kr_atom_text((kr_atom){ v->of->atom }, NULL),
                 kr_atom_text((kr_atom){ v->version }, NULL));
        v->facts = NULL;
        if (!unload(code, object, v->of->atom, v->version))
                kr_node_report(code->node, line);
        kri_version_free(code->retired);
        code->retired = v;
}

/* -- both -- */

struct kri_version *kri_version_bring(struct kri_code_room *code, const char *file,
                                      const char *name, kr_bytes bytes,
                                      struct kri_refusal *ret_why)
{
        struct kri_object *object = open_object(code, file, name, bytes, ret_why);

        return object != NULL ? list_version(code, object, ret_why) : NULL;
}
