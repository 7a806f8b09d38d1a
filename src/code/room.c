/* SPDX-License-Identifier: Apache-2.0 */
#include "room.h"

#include <krarup/loop.h>
#include <krarup/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/node.h"

#include "job.h"

static const char room_key;

struct kri_code_room *kri_code_of(kr_node *node)
{
        return kr_node_get(node, &room_key);
}

void kri_code_lock(struct kri_code_room *code)
{
        kr_critical_begin();
        kri_lock(&code->lock);
}

void kri_code_unlock(struct kri_code_room *code)
{
        kri_unlock(&code->lock);
        kr_critical_end();
}

void kri_code_answer(kr_msg *slot, kr_term term)
{
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return;
        if (!kri_answer_in(p, slot, term))
                kri_no_memory(p);
        else
                kri_leave(p);
}

/* -- opening and releasing -- */

static void free_room(struct kri_code_room *code)
{
        free(code->directory);
        free(code->path);
        free(code);
}

/* Every process has ended. */
static void release(void *value)
{
        struct kri_code_room *code = value;

        kri_job_join(code);
        while (code->objects != NULL) {
                struct kri_object *object = code->objects;

                code->objects = object->next;
                (void)kri_object_close(object, 0, 0); /* or somebody else needs it */
        }
        kri_version_free(code->retired);
        if (code->own_directory)
                (void)rmdir(code->directory); /* not empty: what is still mapped stays */
        free_room(code);
}

/* A folder for which nobody else has rights. */
static kr_err make_directory(struct kri_code_room *code, const char *wanted)
{
        const char *where = getenv("TMPDIR");
        struct stat about;

        if (wanted != NULL) {
                code->directory = strdup(wanted);
                if (code->directory == NULL)
                        return KR_ENOMEM;
                if (mkdir(wanted, 0700) == 0)
                        code->own_directory = true;
                return stat(wanted, &about) == 0 && S_ISDIR(about.st_mode) &&
                                       about.st_uid == geteuid() &&
                                       (about.st_mode & 022) == 0
                               ? KR_OK
                               : KR_EOS;
        }
        if (asprintf(&code->directory, "%s/krarup-XXXXXX",
                     where != NULL && where[0] != '\0' ? where : "/tmp") < 0) {
                code->directory = NULL;
                return KR_ENOMEM;
        }
        code->own_directory = mkdtemp(code->directory) != NULL;
        return code->own_directory ? KR_OK : KR_EOS;
}

kr_err kri_code_open(kr_node *node, const kr_code_opts *opts)
{
        static const kr_code_opts none;
        struct kri_code_room *code;
        kr_err err;

        if (opts == NULL)
                opts = &none;
        if (kri_code_of(node) != NULL)
                return KR_EALREADY;
        if (opts->path != NULL && strlen(opts->path) >= KRI_PATH_BYTES_MAX)
                return KR_EBADARG;
        code = calloc(1, sizeof(*code));
        if (code == NULL)
                return KR_ENOMEM;
        code->node = node;
        code->strict = opts->strict;
        code->embedded = opts->embedded;
        code->lock = (kri_mutex)KRI_MUTEX_INIT;
        code->path = strdup(opts->path != NULL ? opts->path : ".");
        err = code->path != NULL ? make_directory(code, opts->directory) : KR_ENOMEM;
        if (err == KR_OK && !kr_node_put(node, &room_key, code, release))
                err = kri_code_of(node) != NULL ? KR_EALREADY : KR_ENOMEM;
        if (err != KR_OK) {
                if (code->own_directory)
                        (void)rmdir(code->directory);
                free_room(code);
        }
        return err;
}

/* -- objects -- */

void kri_code_add_object(struct kri_code_room *code, struct kri_object *object)
{
        kri_code_lock(code);
        object->next = code->objects;
        code->objects = object;
        kri_code_unlock(code);
}

void kri_code_remove_object(struct kri_code_room *code, struct kri_object *object)
{
        struct kri_object **place = &code->objects;

        kri_code_lock(code);
        while (*place != NULL && *place != object)
                place = &(*place)->next;
        if (*place != NULL)
                *place = object->next;
        kri_code_unlock(code);
}

/* -- the path -- */

static bool is_file(const char *file)
{
        struct stat about;

        return stat(file, &about) == 0 && S_ISREG(about.st_mode);
}

static bool find_in(const char *folder, size_t len, const char *module, char *file,
                    size_t size)
{
        static const char *const prefixes[] = { "", "lib" };

        for (unsigned i = 0; i < 2; i++) {
                int n = snprintf(file, size, "%.*s/%s%s.so", (int)len, folder,
                                 prefixes[i], module);

                if (n > 0 && (size_t)n < size && is_file(file))
                        return true;
        }
        return false;
}

bool kri_code_find_file(struct kri_code_room *code, const char *module, char *file,
                        size_t size)
{
        const char *at;
        char *path;
        bool found = false;

        if (strchr(module, '/') != NULL)
                return false; /* a name, not a way around */
        kri_code_lock(code);
        path = strdup(code->path);
        kri_code_unlock(code);
        for (at = path; at != NULL && !found; at = strchr(at, ':')) {
                size_t len;

                at += *at == ':';
                len = strcspn(at, ":");
                found = len != 0 && find_in(at, len, module, file, size);
        }
        free(path);
        return found;
}

static bool is_folder(const char *path, size_t len)
{
        char folder[KRI_FILE_BYTES_MAX];
        struct stat about;

        if (len == 0 || len >= sizeof(folder))
                return false;
        memcpy(folder, path, len);
        folder[len] = '\0';
        return stat(folder, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool are_folders(const char *path)
{
        size_t len;

        for (const char *at = path;; at += len + 1) {
                len = strcspn(at, ":");
                if (!is_folder(at, len))
                        return false;
                if (at[len] == '\0')
                        return true;
        }
}

/* Takes `path`; NULL: no memory. */
static bool set(struct kri_code_room *code, char *path)
{
        char *before = path;

        if (path == NULL)
                return false;
        if (strlen(path) < KRI_PATH_BYTES_MAX) {
                kri_code_lock(code);
                before = code->path;
                code->path = path;
                kri_code_unlock(code);
        }
        free(before);
        return before != path;
}

/* The node's room, made if need be: the path is part of it. */
static struct kri_code_room *room(void)
{
        kr_node *node = kr_here();

        if (node == NULL)
                return NULL;
        if (kri_code_of(node) == NULL && kr_code_start(node, NULL) != KR_OK)
                return NULL;
        return kri_code_of(node);
}

bool kr_code_set_path(const char *path)
{
        struct kri_code_room *code = room();

        return code != NULL && path != NULL && are_folders(path) &&
               set(code, strdup(path));
}

/* The path without a folder: gives a copy. */
static char *path_without(struct kri_code_room *code, const char *folder, bool *ret_found)
{
        char *path, *to;
        size_t len, wanted = strlen(folder);

        *ret_found = false;
        kri_code_lock(code);
        path = strdup(code->path);
        kri_code_unlock(code);
        if (path == NULL)
                return NULL;
        to = path;
        for (char *at = path, *next; at != NULL; at = next) {
                len = strcspn(at, ":");
                next = at[len] == ':' ? at + len + 1 : NULL;
                if (len == wanted && memcmp(at, folder, len) == 0) {
                        *ret_found = true;
                        continue;
                }
                if (to != path)
                        *to++ = ':';
                memmove(to, at, len);
                to += len;
        }
        *to = '\0';
        return path;
}

bool kr_code_add_path(const char *folder, bool first)
{
        struct kri_code_room *code = room();
        char *rest, *path = NULL;
        bool found;

        if (code == NULL || folder == NULL || strchr(folder, ':') != NULL ||
            !is_folder(folder, strlen(folder)))
                return false;
        rest = path_without(code, folder, &found);
        if (rest == NULL ||
            asprintf(&path, "%s%s%s", first ? folder : rest, rest[0] != '\0' ? ":" : "",
                     first ? rest : folder) < 0)
                path = NULL;
        free(rest);
        return set(code, path);
}

bool kr_code_del_path(const char *folder)
{
        struct kri_code_room *code = room();
        char *path;
        bool found;

        if (code == NULL || folder == NULL)
                return false;
        path = path_without(code, folder, &found);
        if (!found) {
                free(path);
                return false;
        }
        return set(code, path);
}

void kr_code_get_path(kr_msg *slot)
{
        struct kri_code_room *code = room();
        kr_builder b = KR_BUILDER_INIT;
        char *path;

        kr_msg_clear(slot);
        if (code == NULL)
                return;
        kri_code_lock(code);
        path = strdup(code->path);
        kri_code_unlock(code);
        for (char *at = path; at != NULL; at = strchr(at, ':')) {
                at += *at == ':';
                if (strcspn(at, ":") != 0)
                        kr_add_binary(&b, at, strcspn(at, ":"));
        }
        free(path);
        kri_code_answer(slot, kr_build_list(&b));
}
