/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c: feed every file of a corpus to a fuzz target; it may crash, or all is well. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay(const char *dir, const char *name)
{
        char path[4096];
        uint8_t *data;
        size_t len;
        FILE *file;

        if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
                return -1;
        file = fopen(path, "rb");
        data = malloc(INPUT_MAX);
        if (!file || !data)
                return -1;
        len = fread(data, 1, INPUT_MAX, file);
        data = realloc(data,
                       len ? len : 1); /* exact, so that a sanitizer sees the edge */
        if (!data)
                return -1;
        fclose(file);
        (void)LLVMFuzzerTestOneInput(data, len); /* always 0 */
        free(data);
        return 0;
}

int main(int argc, char **argv)
{
        struct dirent *entry;
        int count = 0;
        DIR *dir;

        if (argc != 2 || !(dir = opendir(argv[1]))) {
                fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
                return 2;
        }
        while ((entry = readdir(dir)) != NULL) {
                if (entry->d_name[0] == '.')
                        continue;
                if (replay(argv[1], entry->d_name) != 0) {
                        fprintf(stderr, "cannot read %s/%s\n", argv[1], entry->d_name);
                        return 2;
                }
                count++;
        }
        closedir(dir);
        printf("%d inputs\n", count);
        return count > 0 ? 0 : 2; /* an empty corpus shows nothing */
}
