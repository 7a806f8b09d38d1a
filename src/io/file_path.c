/* SPDX-License-Identifier: Apache-2.0 */
/* file_path.c: what is done with files and folders by their names. */
#include <krarup/file.h>

#include <stdlib.h>
#include <string.h>

#include "core/proc.h"

#include "file_op.h"

#define READ_MOST ((uint64_t)1 << 30)

/* -- names alone -- */

static kr_err by_path(const char *function, const char *path, const char *to,
                      void (*fn)(struct kri_file_op *op), kr_file_info *ret_info)
{
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter(function, path == NULL ? "path" : NULL, &p, &io, &err))
                return err;
        op = kri_file_op_new(io, fn, 0, path, to);
        err = kri_file_op_done(op, p);
        if (err == KR_OK) {
                if (ret_info != NULL)
                        *ret_info = op->info;
                kri_request_drop(&op->request);
        }
        kri_leave(p);
        return err;
}

kr_err kr_file_stat(const char *path, kr_file_info *ret)
{
        return by_path("kr_file_stat", ret != NULL ? path : NULL, NULL, kri_file_do_stat,
                       ret);
}

kr_err kr_file_lstat(const char *path, kr_file_info *ret)
{
        return by_path("kr_file_lstat", ret != NULL ? path : NULL, NULL,
                       kri_file_do_lstat, ret);
}

kr_err kr_file_rename(const char *path, const char *to)
{
        return by_path("kr_file_rename", to != NULL ? path : NULL, to, kri_file_do_rename,
                       NULL);
}

kr_err kr_file_delete(const char *path)
{
        return by_path("kr_file_delete", path, NULL, kri_file_do_delete, NULL);
}

kr_err kr_file_make_dir(const char *path)
{
        return by_path("kr_file_make_dir", path, NULL, kri_file_do_make_dir, NULL);
}

kr_err kr_file_del_dir(const char *path)
{
        return by_path("kr_file_del_dir", path, NULL, kri_file_do_del_dir, NULL);
}

/* -- folders -- */

static int compare(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names, sorted; gives a new term, or none. */
static kr_term names_term(const char *found, size_t len)
{
        kr_builder b = KR_BUILDER_INIT;
        const char **names;
        size_t count = 0;

        for (size_t at = 0; at < len; at += strlen(found + at) + 1)
                count++;
        names = malloc((count + 1) * sizeof(*names));
        if (names == NULL)
                return kr_none();
        for (size_t at = 0, i = 0; at < len; at += strlen(found + at) + 1)
                names[i++] = found + at;
        qsort(names, count, sizeof(*names), compare);
        for (size_t i = 0; i < count; i++)
                kr_add_binary(&b, names[i], strlen(names[i]));
        free(names);
        return kr_build_list(&b);
}

kr_err kr_file_list_dir(const char *path, kr_term *ret_names)
{
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        kr_term names;
        kr_err err;

        if (!kri_file_enter("kr_file_list_dir",
                            path == NULL        ? "path"
                            : ret_names == NULL ? "ret_names"
                                                : NULL,
                            &p, &io, &err))
                return err;
        op = kri_file_op_new(io, kri_file_do_list, 0, path, NULL);
        err = kri_file_op_done(op, p);
        if (err == KR_OK) {
                names = names_term(op->found, op->len);
                kri_request_drop(&op->request);
                err = kr_is_none(names) ? KR_ENOMEM : KR_OK;
                if (err == KR_OK)
                        *ret_names = names;
        }
        kri_leave(p);
        return err;
}

/* -- whole files -- */

kr_err kr_file_read_file(const char *path, size_t max, kr_buf *buf)
{
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter("kr_file_read_file",
                            path == NULL          ? "path"
                            : max > INT64_MAX / 2 ? "max"
                            : buf == NULL         ? "buf"
                                                  : NULL,
                            &p, &io, &err))
                return err;
        op = kri_file_op_new(io, kri_file_do_read_all, 0, path, NULL);
        if (op != NULL)
                op->at = max != 0 ? max : READ_MOST;
        err = kri_file_op_done(op, p);
        if (err == KR_OK) {
                err = kr_buf_append(buf, op->found, op->len);
                kri_request_drop(&op->request);
        }
        kri_leave(p);
        return err;
}

kr_err kr_file_write_file(const char *path, const void *data, size_t len)
{
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter("kr_file_write_file",
                            path == NULL              ? "path"
                            : data == NULL && len > 0 ? "data"
                                                      : NULL,
                            &p, &io, &err))
                return err;
        op = kri_file_op_new(io, kri_file_do_write_all, len, path, NULL);
        if (op != NULL && len > 0)
                memcpy(op->data, data, len);
        err = kri_file_op_done(op, p);
        if (err == KR_OK)
                kri_request_drop(&op->request);
        kri_leave(p);
        return err;
}
