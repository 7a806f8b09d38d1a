/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c: bytes that grow. A block is freed when nothing names it any more: its owner may be
 * killed at any instruction, and have left the buffer to a clean-up. */
#include "buf.h"

#include <string.h>

kr_err kri_buf_grow(kr_buf *buf, size_t more)
{
        size_t cap = buf->cap ? buf->cap : 64;
        char *data, *old;

        if (more > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4)
                return KR_ENOMEM;
        while (cap < buf->len + more + 1)
                cap *= 2;
        data = kri_term_host.alloc(cap);
        if (!data)
                return KR_ENOMEM;
        old = buf->data;
        if (buf->len)
                memcpy(data, old, buf->len);
        buf->data = data;
        buf->cap = cap;
        if (old)
                kri_term_host.free(old);
        return KR_OK;
}

KR_API kr_err kr_buf_append(kr_buf *buf, const void *data, size_t len)
{
        char *room;
        kr_err err = kri_buf_room(buf, len, &room);

        if (err != KR_OK)
                return err;
        if (len)
                memcpy(room, data, len);
        return KR_OK;
}

KR_API void kr_buf_free(kr_buf *buf)
{
        char *data = buf->data;

        *buf = (kr_buf)KR_BUF_INIT;
        if (data)
                kri_term_host.free(data);
}
