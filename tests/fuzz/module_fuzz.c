/* SPDX-License-Identifier: Apache-2.0 */
/* module_fuzz.c: a file from anybody as a module, read before it is mapped. What is said of it
 * lies within it, and is text that ends there.
 */
#include "code/elf.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_text(const uint8_t *data, size_t len, const char *text)
{
        const uint8_t *at = (const uint8_t *)text;

        if (text == NULL || text[0] == '\0')
                return; /* none, or ours */
        must(at >= data && at < data + len);
        must(memchr(at, '\0', (size_t)(data + len - at)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        struct kri_elf elf;
        uint64_t bytes = 0;

        if (kri_elf_read(data, len, &elf) != NULL)
                return 0;
        check_text(data, len, elf.name);
        check_text(data, len, elf.soname);
        check_text(data, len, elf.unique);
        check_text(data, len, elf.thread_local_);
        must(elf.build_id_len <= sizeof(elf.build_id));
        must(elf.static_count <= KRI_ELF_STATICS_MAX);
        for (uint32_t i = 0; i < elf.static_count; i++) {
                check_text(data, len, elf.statics[i].name);
                must(i == 0 || elf.statics[i].size <= elf.statics[i - 1].size);
                bytes += elf.statics[i].size;
        }
        must(bytes == elf.static_bytes);
        return 0;
}
