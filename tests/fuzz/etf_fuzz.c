/* SPDX-License-Identifier: Apache-2.0 */
/* etf_fuzz.c: bytes from anybody as external terms. What can be read can be written, and
 * what was written reads as the same term and is written the same way again.
 */
#include <krarup/etf.h>

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_round_trip(kr_term term, const kr_decode_opts *opts)
{
        kr_buf first = KR_BUF_INIT;
        kr_buf second = KR_BUF_INIT;
        kr_term again;

        must(kr_encode(term, &first) == KR_OK);
        must(kr_decode(first.data, first.len, opts, &again, NULL) == KR_OK);
        must(kr_same(term, again) && kr_compare(term, again) == 0);
        must(kr_hash(term) == kr_hash(again));
        must(kr_encode(again, &second) == KR_OK);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        kr_buf_free(&second);
        kr_buf_free(&first);
        kr_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        /* New atoms stay for ever: most inputs may make none, or memory runs out. */
        kr_decode_opts opts = { .memory_max = 1 << 24, .existing_atoms = len % 16 != 0 };
        kr_term term;
        size_t used = 0;

        if (kr_decode(data, len, &opts, &term, &used) != KR_OK)
                return 0;
        must(used <= len);
        check_round_trip(term, &opts);
        kr_release(term);
        return 0;
}
