/* SPDX-License-Identifier: Apache-2.0 */
/* resp_fuzz.c: what clients send to the counter service. Requests are the same however the bytes
 * come, in one piece or few at a time; they lie within what was read, and the limits hold.
 *
 * The first byte says in what pieces the others come.
 */
#include "../../counters/service/resp.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER (RESP_REQUEST_MAX + RESP_LENGTH_LINE_MAX)

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* All that was found, one after the other, so that two readings can be compared. */
struct reading {
        uint64_t hash;
        size_t used;
        enum resp_found last;
};

static void note(struct reading *reading, const void *data, size_t len)
{
        const unsigned char *bytes = data;

        for (size_t i = 0; i < len; i++)
                reading->hash = (reading->hash ^ bytes[i]) * 0x100000001b3u;
}

static void note_request(struct reading *reading, const struct resp *r, const char *data,
                         size_t used)
{
        must(r->count <= RESP_ARGS_MAX);
        for (uint32_t i = 0; i < r->count; i++) {
                must((size_t)r->args[i].at + r->args[i].len <= used);
                note(reading, &r->args[i].len, sizeof(r->args[i].len));
                note(reading, data + r->args[i].at, r->args[i].len);
        }
        note(reading, &r->count, sizeof(r->count));
}

/* `piece` bytes at a time, moved to the beginning of a buffer that is as long as it must be. */
static struct reading read_all(const char *data, size_t len, size_t piece)
{
        struct reading reading = { .hash = 0xcbf29ce484222325u };
        struct resp *r = malloc(sizeof(*r));
        char *buffer = malloc(BUFFER);
        size_t held = 0, at = 0, used;

        must(r != NULL && buffer != NULL);
        resp_init(r);
        for (;;) {
                reading.last = resp_next(r, buffer, held, &used);
                if (reading.last == RESP_ERROR) {
                        must(strlen(r->error) > 0 && strlen(r->error) < sizeof(r->error));
                        note(&reading, r->error, strlen(r->error));
                        break;
                }
                if (reading.last == RESP_REQUEST) {
                        must(used > 0 && used <= held);
                        note_request(&reading, r, buffer, used);
                        reading.used += used;
                        held -= used;
                        memmove(buffer, buffer + used, held);
                        continue;
                }
                must(held < BUFFER);
                if (at == len)
                        break;
                used = len - at < piece ? len - at : piece;
                used = used < BUFFER - held ? used : BUFFER - held;
                memcpy(buffer + held, data + at, used);
                held += used;
                at += used;
        }
        free(buffer);
        free(r);
        return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        struct reading whole, parts;

        if (len == 0)
                return 0;
        whole = read_all((const char *)data + 1, len - 1, len);
        parts = read_all((const char *)data + 1, len - 1, 1 + data[0] % 61);
        must(whole.last == parts.last && whole.hash == parts.hash &&
             whole.used == parts.used);
        return 0;
}
