/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h: the inside of kr_buf. */
#ifndef KR_TERM_BUF_H
#define KR_TERM_BUF_H

#include "term.h"

/* Make room for `more` bytes and the zero behind them, in new memory. */
kr_err kri_buf_grow(kr_buf *buf, size_t more);

/* Append `len` bytes, to be written at *ret_room, and terminate them. */
static inline kr_err kri_buf_room(kr_buf *buf, size_t len, char **ret_room)
{
        if (buf->cap - buf->len <= len) {
                kr_err err = kri_buf_grow(buf, len);

                if (err != KR_OK)
                        return err;
        }
        *ret_room = buf->data + buf->len;
        buf->len += len;
        buf->data[buf->len] = '\0';
        return KR_OK;
}

static inline kr_err kri_buf_byte(kr_buf *buf, uint8_t byte)
{
        char *room;
        kr_err err = kri_buf_room(buf, 1, &room);

        if (err == KR_OK)
                *room = (char)byte;
        return err;
}

static inline kr_err kri_buf_be32(kr_buf *buf, uint32_t n)
{
        uint8_t bytes[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                             (uint8_t)n };

        return kr_buf_append(buf, bytes, 4);
}

#endif
