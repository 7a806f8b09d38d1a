/* SPDX-License-Identifier: Apache-2.0 */
/* code.c: the public face of the code server. */
#include <krarup/code.h>

#include <krarup/behaviour.h>
#include <krarup/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/node.h"

#include "room.h"
#include "server.h"

/* -- starting -- */

static bool load_missing(kr_atom module)
{
        return kr_code_ensure_loaded(kr_atom_text(module, NULL), NULL) == KR_OK;
}

/* The process; it may run already. By a process or an attached thread. */
static kr_err start_server(void)
{
        kr_started started =
                kr_start(&kri_code_server, KR_START_OPTS(.name = "code_server"), "[]");

        return started.err == KR_EALREADY ? KR_OK : started.err;
}

static kr_err start(kr_node *node, const kr_code_opts *opts)
{
        kr_err opened = kri_code_open(node, opts), err;

        if (opened != KR_OK && opened != KR_EALREADY)
                return opened;
        if (opened == KR_EALREADY && !kr_pid_is_none(kr_whereis("code_server")))
                return KR_EALREADY;
        err = start_server();
        if (err == KR_OK && !kri_code_of(node)->embedded)
                kri_module_missing_hook(node, load_missing);
        return err;
}

kr_err kr_code_start(kr_node *node, const kr_code_opts *opts)
{
        kr_pid self;
        kr_err err;

        if (node == NULL)
                return KR_EBADARG;
        if (kr_here() == node)
                return start(node, opts);
        err = kr_thread_attach(node, &self);
        if (err != KR_OK)
                return err == KR_EALREADY ? KR_EBADARG : err;
        err = start(node, opts);
        kr_thread_detach();
        return err;
}

/* -- asking -- */

/* The slot's term is the answer; none: nobody answers (a thread that is no process, or the
 * server has ended). */
#define ask(slot, ...)                                                                   \
        (has_server() ? kr_call_timeout("code_server", slot, KR_INFINITY, __VA_ARGS__)   \
                      : kr_none())

static bool has_server(void)
{
        kr_node *node = kr_here();

        if (node == NULL)
                return false;
        return !kr_pid_is_none(kr_whereis("code_server")) ||
               kr_code_start(node, NULL) == KR_OK ||
               !kr_pid_is_none(kr_whereis("code_server")); /* somebody else was faster */
}

/* {ok, Term}, {error, Term}: Term goes to the slot. */
static kr_err outcome(kr_term answer, kr_msg *slot)
{
        kr_term said;

        if (kr_match(answer, "{ok, ~}", &said)) {
                kri_code_answer(slot, kr_keep(said));
                return KR_OK;
        }
        if (!kr_match(answer, "{error, ~}", &said))
                return KR_EFAILED;
        kri_code_answer(slot, kr_keep(said));
        return KR_EFAILED;
}

static void check_text(const char *function, const char *text, const char *argument)
{
        if (text == NULL || strlen(text) >= KRI_FILE_BYTES_MAX)
                kr_error("{badarg, {~, ~}}", function, argument);
}

kr_err kr_code_load(const char *file, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        check_text("kr_code_load", file, "file");
        kr_msg_clear(slot);
        err = outcome(ask(&answer, "{load, ~}", file), slot);
        kr_msg_clear(&answer);
        return err;
}

kr_err kr_code_load_file(const char *module, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        check_text("kr_code_load_file", module, "module");
        kr_msg_clear(slot);
        err = outcome(ask(&answer, "{load_file, ~}", module), slot);
        kr_msg_clear(&answer);
        return err;
}

kr_err kr_code_ensure_loaded(const char *module, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        check_text("kr_code_ensure_loaded", module, "module");
        kr_msg_clear(slot);
        err = outcome(ask(&answer, "{ensure_loaded, ~}", module), slot);
        kr_msg_clear(&answer);
        return err;
}

kr_err kr_code_load_binary(const char *module, const char *file, const void *bytes,
                           size_t len, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        check_text("kr_code_load_binary", module, "module");
        check_text("kr_code_load_binary", file, "file");
        if (bytes == NULL || len > KRI_OBJECT_BYTES_MAX)
                kr_error("{badarg, {kr_code_load_binary, ~}}",
                         bytes == NULL ? "bytes" : "len");
        kr_msg_clear(slot);
        err = outcome(ask(&answer, "{load_binary, ~, ~, ~}", module, file,
                          ((kr_bytes){ bytes, len })),
                      slot);
        kr_msg_clear(&answer);
        return err;
}

/* -- looking at a file -- */

static kr_term facts_term(const struct kri_object *object)
{
        kr_term id = kri_build_id_term(&object->facts);
        kr_term statics = kri_statics_term(&object->facts), all;

        all = kr_build(
                "#{module => ~, build_id => ~, statics => ~, static_bytes => ~, file => ~}",
                (const char *)object->module_name, id, statics,
                object->facts.static_bytes, (const char *)object->file);
        kr_release(id);
        kr_release(statics);
        return all;
}

kr_err kr_code_check_file(const char *file, kr_msg *slot)
{
        struct kri_code_room *code = kr_here() != NULL ? kri_code_of(kr_here()) : NULL;
        struct kri_object_order order = { .file = file,
                                          .strict = code != NULL && code->strict };
        struct kri_refusal why;
        struct kri_object *object;
        kr_err err;

        check_text("kr_code_check_file", file, "file");
        kr_msg_clear(slot);
        object = kri_object_open(&order, &why);
        err = object != NULL ? KR_OK : KR_EFAILED;
        kri_code_answer(slot, object != NULL ? facts_term(object)
                                             : kr_build("{~, ~}", kri_atom_of(why.reason),
                                                        why.text));
        if (object != NULL)
                (void)kri_object_close(object, 0, 0); /* it was not loaded */
        return err;
}

/* -- letting go -- */

bool kr_code_delete(const char *module)
{
        kr_msg answer = KR_MSG_INIT;
        bool done = false;

        check_text("kr_code_delete", module, "module");
        (void)kr_get_bool(ask(&answer, "{delete, ~}", module), &done);
        kr_msg_clear(&answer);
        return done;
}

bool kr_code_purge(const char *module, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term holders = kr_nil();
        int64_t count = 0;

        check_text("kr_code_purge", module, "module");
        kr_msg_clear(slot);
        (void)kr_match(ask(&answer, "{purge, ~}", module), "{_, ~, ~}", &holders, &count);
        kri_code_answer(slot, kr_keep(holders));
        kr_msg_clear(&answer);
        return count > 0;
}

bool kr_code_soft_purge(const char *module, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term holders = kr_nil();
        bool done = false;

        check_text("kr_code_soft_purge", module, "module");
        kr_msg_clear(slot);
        (void)kr_match(ask(&answer, "{soft_purge, ~}", module), "{~, ~, _}", &done,
                       &holders);
        kri_code_answer(slot, kr_keep(holders));
        kr_msg_clear(&answer);
        return done;
}

bool kr_code_check_process(kr_pid pid, const char *module, kr_msg *slot)
{
        kr_msg answer = KR_MSG_INIT;
        kr_term where;
        bool holds;

        check_text("kr_code_check_process", module, "module");
        if (pid.node != kr_self().node)
                kr_error("{badarg, {kr_code_check_process, pid}}");
        kr_msg_clear(slot);
        where = ask(&answer, "{check_process, ~, ~}", pid, module);
        holds = kr_is_cons(where);
        kri_code_answer(slot, kr_keep(where));
        kr_msg_clear(&answer);
        return holds;
}

/* -- looking -- */

static struct kri_module_name *name_of(const char *module)
{
        kr_atom atom;

        return kr_here() != NULL && module != NULL &&
                               kr_atom_existing(module, strlen(module), &atom)
                       ? kri_module_named(kr_here(), atom.index)
                       : NULL;
}

/* The file of a version, a new term. Under the lock. */
static kr_term file_of(const struct kri_version *v)
{
        return v->facts != NULL ? kr_build("~", v->facts->file) : kr_build("preloaded");
}

/* The current version's; none: there is no such. Gives a new term. */
static kr_term loaded_file(const char *module)
{
        struct kri_module_name *name = name_of(module);
        struct kri_version *v;
        kr_term file = kr_none();

        if (name == NULL)
                return file;
        kr_critical_begin();
        kri_modules_lock(kr_here(), true);
        v = atomic_load(&name->current);
        if (v != NULL)
                file = file_of(v);
        kri_modules_lock(kr_here(), false);
        kr_critical_end();
        return file;
}

bool kr_code_check_old(const char *module)
{
        struct kri_module_name *name = name_of(module);

        return name != NULL && atomic_load(&name->old) != NULL;
}

bool kr_code_is_loaded(const char *module, kr_msg *slot)
{
        kr_term file = loaded_file(module);

        kr_msg_clear(slot);
        if (kr_is_none(file))
                return false;
        kri_code_answer(slot, file);
        return true;
}

void kr_code_all_loaded(kr_msg *slot)
{
        kr_builder b = KR_BUILDER_INIT;
        struct kri_module_name *name;
        uint32_t at = 0;

        kr_msg_clear(slot);
        while (kr_here() != NULL && (name = kri_module_next(kr_here(), &at)) != NULL) {
                kr_atom atom = { name->atom };
                kr_term file = loaded_file(kr_atom_text(atom, NULL)), pair;

                pair = kr_build("{~, ~}", atom, file);
                if (!kr_is_none(file))
                        kr_add_term(&b, pair);
                kr_release(pair);
                kr_release(file);
        }
        kri_code_answer(slot, kr_build_list(&b));
}

void kr_code_which(const char *module, kr_msg *slot)
{
        struct kri_code_room *code = kr_here() != NULL ? kri_code_of(kr_here()) : NULL;
        kr_term file = loaded_file(module);
        char found[KRI_FILE_BYTES_MAX];

        check_text("kr_code_which", module, "module");
        kr_msg_clear(slot);
        if (kr_is_none(file) && code != NULL &&
            kri_code_find_file(code, module, found, sizeof(found)))
                file = kr_build("~", (const char *)found);
        else if (kr_is_none(file))
                file = kr_build("non_existing");
        kri_code_answer(slot, file);
}

kr_code_status kr_code_module_status(const char *module)
{
        struct kri_object_order order = { .file = "" };
        kr_term file = loaded_file(module);
        kr_msg info = KR_MSG_INIT;
        kr_code_status status = KR_CODE_NOT_LOADED;
        struct kri_refusal why;
        struct kri_object *object;
        kr_term id = kr_none(), now;
        struct stat about;

        if (kr_is_atom(file))
                status = KR_CODE_LOADED;
        else if (kr_match(file, "~", &order.file) &&
                 kr_module_info(module, false, &info) &&
                 kr_match(info.term, "#{build_id => ~}", &id)) {
                object = kri_object_open(&order, &why);
                now = object != NULL ? kri_build_id_term(&object->facts) : kr_none();
                status = stat(order.file, &about) != 0          ? KR_CODE_REMOVED
                         : !kr_is_none(now) && kr_same(id, now) ? KR_CODE_LOADED
                                                                : KR_CODE_MODIFIED;
                kr_release(now);
                if (object != NULL)
                        (void)kri_object_close(object, 0, 0); /* it was not loaded */
        }
        kr_msg_clear(&info);
        kr_release(file);
        return status;
}
