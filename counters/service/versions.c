/* SPDX-License-Identifier: Apache-2.0 */
#include "versions.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096

static const char *chosen; /* NULL: beside the program */

void versions_folder(const char *folder)
{
        chosen = folder;
}

/* The folder that the program lies in, without its last slash. */
static bool own_folder(char *buf, size_t size)
{
        ssize_t len = readlink("/proc/self/exe", buf, size - 1);
        char *slash;

        if (len <= 0)
                return false;
        buf[len] = '\0';
        slash = strrchr(buf, '/');
        if (slash != NULL)
                *slash = '\0';
        return slash != NULL;
}

bool versions_file(int version, char *buf, size_t size)
{
        char own[PATH_BYTES];
        const char *folder = chosen;
        int len;

        if (folder == NULL) {
                if (!own_folder(own, sizeof(own)))
                        return false;
                folder = own;
        }
        len = snprintf(buf, size, "%s/counter_%d.so", folder, version);
        return len > 0 && (size_t)len < size;
}

kr_err versions_load(int version, kr_msg *slot)
{
        char file[PATH_BYTES];

        if (!versions_file(version, file, sizeof(file)))
                return KR_ETOOBIG;
        return kr_code_load(file, slot);
}
